package inbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Parcel is what a worker needs for one delivery.
type Parcel struct {
	Event
	Destination
	State string
}

// Parcel returns what is needed for a delivery, or ErrNotFound if its event has been purged.
func (in *Inbox) Parcel(ctx context.Context, job Delivery) (p Parcel, err error) {
	e, d := &p.Event, &p.Destination
	err = in.db.QueryRow(ctx, `
		select e.id::text, e.source, e.content_type, e.headers, e.body,
			d.name, d.url, d.secret, d.allow_private, d.concurrency, delivery.state
		from delivery join event e on e.id = event_id join destination d on d.name = destination
		where event_id = $1 and destination = $2`,
		job.EventID, job.Destination).
		Scan(&e.ID, &e.Source, &e.ContentType, &e.Headers, &e.Body,
			&d.Name, &d.URL, &d.Secret, &d.AllowPrivate, &d.Concurrency, &p.State)
	return p, notFound(err)
}

// Outcome is the result of one attempt.
type Outcome struct {
	Status int    // 0 if there was no answer
	Error  string // "" if it was delivered
	Took   time.Duration
}

// Record writes an attempt, the delivery's new state and the end of its job in one transaction: a worker that is killed
// meanwhile has written either all of it or nothing. A worker that comes back late, when its job has been given to
// another, cannot make the delivery dead: the other may have delivered it, and a redrive would send it again.
func (in *Inbox) Record(ctx context.Context, job *river.Job[Delivery], out Outcome) error {
	return in.db.InTx(ctx, func(tx pgx.Tx) error {
		var status *int
		if out.Status != 0 {
			status = &out.Status
		}
		state := "pending"
		switch {
		case out.Error == "":
			state = "delivered"
		case job.Attempt >= job.MaxAttempts:
			state = "dead"
		}
		_, err := tx.Exec(ctx, `
			with tried as (
				insert into attempt (event_id, destination, status, error, took_ms) values ($1, $2, $3, $4, $5)
			)
			update delivery set state = $6, changed_at = now()
			where event_id = $1 and destination = $2 and ($6 = 'delivered' or $6 = 'dead' and exists (
				select from river_job where id = $7 and state = 'running' and attempt = $8))`,
			job.Args.EventID, job.Args.Destination, status, out.Error, out.Took.Milliseconds(), state, job.ID, job.Attempt)
		if err != nil || out.Error != "" {
			return err
		}
		_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
}
