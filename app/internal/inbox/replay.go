package inbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// Replay delivers an event again, to one destination or, with "", to all that its source has now. It leaves pending
// deliveries alone, so that a delivery never has two jobs. It returns how many deliveries it has started, or ErrNotFound
// or ErrArchiving.
func (in *Inbox) Replay(ctx context.Context, id, destination string) (started int, err error) {
	return in.replay(ctx, id, `
		insert into delivery (event_id, destination)
		select event.id, destination.name from event join destination on destination.source = event.source
		where event.id = $1 and ($2 = '' or destination.name = $2) and event.id not in `+archiving+`
		on conflict (event_id, destination) do update set state = 'pending', changed_at = now()
			where delivery.state <> 'pending'
		returning event_id, destination`, destination)
}

// ReplayOnly delivers an event again to the destinations whose delivery is in the given state. The others do not get it
// twice.
func (in *Inbox) ReplayOnly(ctx context.Context, id, state string) (started int, err error) {
	return in.replay(ctx, id, `
		update delivery set state = 'pending', changed_at = now()
		where event_id = $1 and state = $2 and state <> 'pending' and event_id not in `+archiving+`
		returning event_id, destination`, state)
}

func (in *Inbox) replay(ctx context.Context, id, statement, which string) (started int, err error) {
	if !IsID(id) {
		return 0, ErrNotFound
	}
	err = in.db.InTx(ctx, func(tx pgx.Tx) error {
		// The lock decides who is first, this replay or the archive: see ArchiveBatch.
		var archived bool
		const lock = "select false from event where id = $1 for share"
		if err := tx.QueryRow(ctx, lock, id).Scan(&archived); err != nil {
			return notFound(err)
		}
		started, err = in.restart(ctx, tx, statement, id, which)
		if err != nil || started > 0 {
			return err
		}
		if err := tx.QueryRow(ctx, "select $1::uuid in "+archiving, id).Scan(&archived); err == nil && archived {
			return ErrArchiving
		}
		return err
	})
	return started, err
}

// A dead delivery is started again at most redriveLimit times, each time at least redrivePause after it died. Batches
// keep transactions short.
const (
	redriveLimit = 3
	redrivePause = 30 * time.Minute
	redriveBatch = 500
)

// Redrive starts a batch of the dead deliveries that are due again, and of the pending ones that have lost their job.
// It returns how many it has started; call it until that is 0.
func (in *Inbox) Redrive(ctx context.Context) (started int, err error) {
	err = in.db.InTx(ctx, func(tx pgx.Tx) error {
		// As in replay, the events are locked first and looked at after it.
		var events, destinations []string
		rows, err := tx.Query(ctx, `
			select event_id::text, destination from delivery d join event on event.id = event_id
			where changed_at < now() - $1::interval and event_id not in `+archiving+` and (
				state = 'dead' and redrives < $2
				or state = 'pending' and not exists (
					select 1 from river_job j
					where j.kind = 'deliver' and j.state not in ('completed', 'cancelled', 'discarded')
						and j.args @> jsonb_build_object('event_id', d.event_id::text, 'destination', d.destination)))
			limit $3 for share of event skip locked for update of d skip locked`, redrivePause, redriveLimit, redriveBatch)
		if err != nil {
			return err
		}
		var event, destination string
		_, err = pgx.ForEachRow(rows, []any{&event, &destination}, func() error {
			events, destinations = append(events, event), append(destinations, destination)
			return nil
		})
		if err != nil || len(events) == 0 {
			return err
		}
		started, err = in.restart(ctx, tx, `
			update delivery set state = 'pending', changed_at = now(), redrives = redrives + 1
			from unnest($1::uuid[], $2::text[]) as due (event_id, destination)
			where delivery.event_id = due.event_id and delivery.destination = due.destination
				and delivery.event_id not in `+archiving+`
			returning delivery.event_id, delivery.destination`, events, destinations)
		return err
	})
	return started, err
}

// restart runs a statement that returns deliveries, and inserts a job for each of them.
func (in *Inbox) restart(ctx context.Context, tx pgx.Tx, statement string, args ...any) (started int, err error) {
	rows, err := tx.Query(ctx, `with restarted as (`+statement+`)
		select event_id::text, destination, max_attempts
		from restarted join destination on name = destination`, args...)
	if err != nil {
		return 0, err
	}
	jobs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (river.InsertManyParams, error) {
		var args Delivery
		opts := &river.InsertOpts{Queue: Queue}
		err := row.Scan(&args.EventID, &args.Destination, &opts.MaxAttempts)
		return river.InsertManyParams{Args: args, InsertOpts: opts}, err
	})
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	_, err = in.jobs.InsertManyTx(ctx, tx, jobs)
	return len(jobs), err
}
