package upkeep

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/storage"
)

// archiveBatch moves a batch of events that are older than before into an object of gzipped JSON lines, which
// `import` can read. It deletes the events only after it has stored the object. If it is killed in between, the next
// run writes the same events under the same key.
func archiveBatch(ctx context.Context, in *inbox.Inbox, to storage.Storage, before time.Time) (moved int, err error) {
	events, err := in.Finished(ctx, before)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	var object bytes.Buffer
	packed := gzip.NewWriter(&object)
	lines := json.NewEncoder(packed)
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.ID
		if err := lines.Encode(event); err != nil {
			return 0, err
		}
	}
	if err := packed.Close(); err != nil {
		return 0, err
	}
	first := events[0]
	key := "events/" + first.ReceivedAt.UTC().Format("2006/01/02/") + first.ID + ".ndjson.gz"
	if err := to.Put(ctx, key, object.Bytes()); err != nil {
		return 0, err
	}
	return in.Purge(ctx, ids)
}
