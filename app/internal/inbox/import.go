package inbox

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// Imported counts the events that Import has stored (New) and skipped (Known), or in a dry run would have.
type Imported struct{ New, Known int }

// maxLine is the longest line of an import in bytes: a body of 1 MiB in
// base64, with room for the rest.
const maxLine = 4 << 20

// Import reads events as JSON lines, gzipped or plain, in the archive's format, and accepts them like new ones, with
// deliveries and jobs. It skips events whose delivery id is known, so an import can be repeated.
func (in *Inbox) Import(ctx context.Context, from io.Reader, dryRun bool) (done Imported, err error) {
	buffered := bufio.NewReader(from)
	if start, _ := buffered.Peek(2); bytes.Equal(start, []byte{0x1f, 0x8b}) {
		packed, err := gzip.NewReader(buffered)
		if err != nil {
			return done, err
		}
		buffered = bufio.NewReader(packed)
	}
	lines := bufio.NewScanner(buffered)
	lines.Buffer(nil, maxLine)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		known, err := in.importLine(ctx, lines.Bytes(), dryRun)
		if err != nil {
			return done, fmt.Errorf("line %d: %w", number, err)
		}
		if known {
			done.Known++
		} else {
			done.New++
		}
	}
	return done, lines.Err()
}

func (in *Inbox) importLine(ctx context.Context, line []byte, dryRun bool) (known bool, err error) {
	var event Event
	if err := json.Unmarshal(line, &event); err != nil {
		return false, fmt.Errorf("not a JSON event: %w", err)
	}
	if _, err := in.Source(ctx, event.Source); err != nil {
		return false, fmt.Errorf("source %q: %w", event.Source, err)
	}
	if event.ContentType == "" {
		event.ContentType = "application/octet-stream"
	}
	if !dryRun {
		_, known, err = in.Accept(ctx, event)
		return known, err
	}
	err = in.db.QueryRow(ctx, "select exists (select 1 from event where source = $1 and delivery_id = $2)",
		event.Source, event.DeliveryID).Scan(&known)
	return known, err
}
