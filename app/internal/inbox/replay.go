package inbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// Replay delivers an event again, to one destination or, with "", to all that its source has now. It leaves pending
// deliveries alone, so that a delivery never has two jobs. It returns how many deliveries it has started.
func (in *Inbox) Replay(ctx context.Context, id, destination string) (started int, err error) {
	if !IsID(id) {
		return 0, ErrNotFound
	}
	return in.restart(ctx, `
		insert into delivery (event_id, destination)
		select event.id, destination.name from event join destination on destination.source = event.source
		where event.id = $1 and ($2 = '' or destination.name = $2)
		on conflict (event_id, destination) do update set state = 'pending', changed_at = now()
			where delivery.state <> 'pending'
		returning event_id, destination`, id, destination)
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
	return in.restart(ctx, `
		update delivery set state = 'pending', changed_at = now(), redrives = redrives + 1
		where (event_id, destination) in (
			select event_id, destination from delivery d
			where changed_at < now() - $1::interval and (
				state = 'dead' and redrives < $2
				or state = 'pending' and not exists (
					select 1 from river_job j
					where j.kind = 'deliver' and j.state not in ('completed', 'cancelled', 'discarded')
						and j.args @> jsonb_build_object('event_id', d.event_id::text, 'destination', d.destination)))
			limit $3 for update skip locked)
		returning event_id, destination`, redrivePause, redriveLimit, redriveBatch)
}

// restart runs a statement that returns deliveries, and inserts a job for each of them.
func (in *Inbox) restart(ctx context.Context, statement string, args ...any) (started int, err error) {
	err = in.db.InTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `with restarted as (`+statement+`)
			select event_id::text, destination, max_attempts
			from restarted join destination on name = destination`, args...)
		if err != nil {
			return err
		}
		jobs, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (river.InsertManyParams, error) {
			var args Delivery
			opts := &river.InsertOpts{Queue: Queue}
			err := row.Scan(&args.EventID, &args.Destination, &opts.MaxAttempts)
			return river.InsertManyParams{Args: args, InsertOpts: opts}, err
		})
		if err != nil {
			return err
		}
		if started = len(jobs); started == 0 {
			return nil
		}
		_, err = in.jobs.InsertManyTx(ctx, tx, jobs)
		return err
	})
	return started, err
}
