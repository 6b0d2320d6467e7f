package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"dozen/app/internal/database"
)

// Archive is the job that chooses the next batch of events for the archive.
type Archive struct {
	Tick time.Time `json:"tick"`
}

// Kind implements river.JobArgs.
func (Archive) Kind() string { return "archive" }

// ArchiveBatch is the job that moves a batch of events into the archive. What is in it was decided when it was
// inserted, and nothing changes it: from then on, no event of an unfinished batch can be delivered again. So whoever is
// killed, and whenever, the next run writes the same object, and each event is in one object only:
//
//	Archive ──► lock the events, look again, insert ArchiveBatch ──► commit
//	ArchiveBatch ──► write the object, unless it is there ──► delete the events, insert the next Archive ──► commit
type ArchiveBatch struct {
	Tick   time.Time `json:"tick"`
	Events []string  `json:"events"`
}

// Kind implements river.JobArgs.
func (ArchiveBatch) Kind() string { return "archive_batch" }

// archiving selects the ids of the events in unfinished batches.
const archiving = `(select jsonb_array_elements_text(args -> 'events')::uuid from river_job
	where kind = 'archive_batch' and state not in ('completed', 'cancelled', 'discarded'))`

// ErrArchiving means that an event is on its way into the archive.
var ErrArchiving = errors.New("the event is on its way into the archive; import it from there to deliver it again")

// A batch is held in memory while it is archived, so its number and bytes are bounded.
const (
	batchEvents = 1000
	batchBytes  = 16 << 20
)

var errChanged = errors.New("the events changed while they were chosen for the archive")

// PlanArchive inserts an ArchiveBatch of the oldest events that were received before the given time and have no
// pending delivery. It returns how many events that are: none if there are no such events, or if a batch is unfinished,
// which will insert the next Archive job itself.
func (in *Inbox) PlanArchive(ctx context.Context, job *river.Job[Archive], before time.Time) (events int, err error) {
	err = in.db.InTx(ctx, func(tx pgx.Tx) error {
		// The locks keep replays away until the batch is committed. Events that are being replayed now are left out.
		oldest, err := ids(tx.Query(ctx, `select id::text from event
			where received_at < $1 and not exists `+archiving+`
				and not exists (select from delivery where event_id = event.id and state = 'pending')
			order by id limit $2 for no key update skip locked`, before, batchEvents))
		if err != nil || len(oldest) == 0 {
			return err
		}
		// A statement sees what was committed before it began, so what the locks protect is looked at after them.
		batch, err := ids(tx.Query(ctx, `select id::text from (
				select id, sum(octet_length(body)) over (order by id) - octet_length(body) as bytes_before
				from event where id = any ($1::uuid[]) and id not in `+archiving+`
					and not exists (select from delivery where event_id = event.id and state = 'pending')
			) unchanged where bytes_before < $2 order by id`, oldest, batchBytes))
		if err != nil {
			return err
		}
		if events = len(batch); events == 0 {
			return errChanged
		}
		_, err = in.jobs.InsertTx(ctx, tx, ArchiveBatch{job.Args.Tick, batch}, &river.InsertOpts{Queue: job.Queue})
		return err
	})
	return events, err
}

func ids(rows pgx.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Batch returns the events of a batch, in the order of their ids.
func (in *Inbox) Batch(ctx context.Context, batch ArchiveBatch) ([]Event, error) {
	events, err := database.List[Event](ctx, in.db, `
		select id::text, source, delivery_id, content_type, headers, body, received_at
		from event where id = any ($1::uuid[]) order by id`, batch.Events)
	for i := range events {
		events[i].ReceivedAt = events[i].ReceivedAt.UTC() // the same on every machine
	}
	return events, err
}

// FinishArchive deletes the events of a batch with their deliveries and attempts, inserts the next Archive job, and
// ends this one: all or nothing. An event of which a delivery is pending stays: only the version before batches, or an
// operator with the console, can have replayed it.
func (in *Inbox) FinishArchive(ctx context.Context, job *river.Job[ArchiveBatch]) error {
	return in.db.InTx(ctx, func(tx pgx.Tx) error {
		// Wait for the transactions that are changing the events now, and then look again.
		for _, statement := range []string{
			"select from event where id = any ($1::uuid[]) order by id for update",
			"select from delivery where event_id = any ($1::uuid[]) for update",
			`delete from event where id = any ($1::uuid[])
				and not exists (select from delivery where event_id = event.id and state = 'pending')`,
		} {
			if _, err := tx.Exec(ctx, statement, job.Args.Events); err != nil {
				return err
			}
		}
		_, err := in.jobs.InsertTx(ctx, tx, Archive{job.Args.Tick}, &river.InsertOpts{Queue: job.Queue})
		if err != nil {
			return err
		}
		_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
}

// Line is an event's line in the archive, which Import reads.
func (e Event) Line() ([]byte, error) {
	line, err := json.Marshal(e)
	return append(line, '\n'), err
}
