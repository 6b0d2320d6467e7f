package upkeep

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"dozen/app/internal/inbox"
	"dozen/app/internal/storage"
)

// planner works the Archive jobs. It uses the time of the tick instead of the current time, so that a night's work
// ends.
type planner struct {
	river.WorkerDefaults[inbox.Archive]
	inbox     *inbox.Inbox
	retention time.Duration
	log       *slog.Logger
}

func (p *planner) Work(ctx context.Context, job *river.Job[inbox.Archive]) error {
	events, err := p.inbox.PlanArchive(ctx, job, job.Args.Tick.Add(-p.retention))
	if err == nil && events == 0 {
		p.log.InfoContext(ctx, "upkeep done", "job", job.Kind)
	}
	return err
}

// archivist works the ArchiveBatch jobs.
type archivist struct {
	river.WorkerDefaults[inbox.ArchiveBatch]
	inbox *inbox.Inbox
	to    storage.Storage
	log   *slog.Logger
}

func (a *archivist) Timeout(*river.Job[inbox.ArchiveBatch]) time.Duration { return jobTimeout }

// Work moves the events of a batch into an object of gzipped JSON lines, which `import` can read. It deletes the events
// only after it has stored the object.
func (a *archivist) Work(ctx context.Context, job *river.Job[inbox.ArchiveBatch]) error {
	events, err := a.inbox.Batch(ctx, job.Args)
	if err != nil {
		return err
	}
	if len(events) > 0 {
		key, object, err := pack(events)
		if err == nil {
			err = a.to.Put(ctx, key, object)
		}
		if err != nil {
			return err
		}
		a.log.InfoContext(ctx, "archived", "events", len(events), "key", key)
	}
	return a.inbox.FinishArchive(ctx, job)
}

// pack returns an object and its key, which contains a hash of the events: a key never stands for two contents.
func pack(events []inbox.Event) (key string, object []byte, err error) {
	var buffer bytes.Buffer
	packed, hash := gzip.NewWriter(&buffer), sha256.New()
	for _, event := range events {
		line, err := event.Line()
		if err != nil {
			return "", nil, err
		}
		_, _ = hash.Write(line) // never fails
		if _, err := packed.Write(line); err != nil {
			return "", nil, err
		}
	}
	if err := packed.Close(); err != nil {
		return "", nil, err
	}
	first := events[0]
	key = "events/" + first.ReceivedAt.Format("2006/01/02/") + first.ID + "-" + hex.EncodeToString(hash.Sum(nil)[:16]) +
		".ndjson.gz"
	return key, buffer.Bytes(), nil
}
