package inbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/database"
)

// States are the states of a delivery; see the package's picture.
var States = []string{"pending", "delivered", "dead", "quarantined"}

// Filter selects events. Empty fields match every event.
type Filter struct {
	Source string
	State  string // of at least one delivery
	Text   string // an event's whole id, or the sender's whole delivery id
	Before string // only events older than this id, for the next page
	Limit  int
}

// Summary is an event in a list.
type Summary struct {
	ID         string
	Source     string
	DeliveryID string
	ReceivedAt time.Time
	Size       int    // bytes of the body
	States     string // "billing delivered, audit dead"
}

// Events returns the events that match the filter, newest first.
func (in *Inbox) Events(ctx context.Context, f Filter) ([]Summary, error) {
	id, deliveryID := "", f.Text
	if IsID(f.Text) {
		id, deliveryID = f.Text, ""
	}
	return database.List[Summary](ctx, in.db, `
		select e.id::text, e.source, e.delivery_id, e.received_at, octet_length(e.body),
			(select coalesce(string_agg(d.destination || ' ' || d.state, ', ' order by d.destination), '')
				from delivery d where d.event_id = e.id)
		from event e
		where ($1 = '' or e.source = $1)
			and ($2 = '' or exists (select 1 from delivery d where d.event_id = e.id and d.state = $2))
			and ($3::uuid is null or e.id = $3) and ($4 = '' or e.delivery_id = $4)
			and ($5::uuid is null or e.id < $5)
		order by e.id desc limit $6`,
		f.Source, f.State, nullable(id), deliveryID, nullable(f.Before), f.Limit)
}

func nullable(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Attempt is one try to deliver.
type Attempt struct {
	Destination string
	Status      *int   // the destination's answer; nil if there was none
	Error       string // why it failed; "" if it did not
	TookMS      int
	At          time.Time
}

// State is the state of one delivery of an event.
type State struct {
	Destination string
	State       string
	ChangedAt   time.Time
}

// Event returns an event with its deliveries and attempts, or ErrNotFound. It makes one round trip, because round trips
// are most of what a page costs.
func (in *Inbox) Event(ctx context.Context, id string) (event Event, states []State, attempts []Attempt, err error) {
	if !IsID(id) {
		return event, nil, nil, ErrNotFound
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		select id::text, source, delivery_id, content_type, headers, body, received_at
		from event where id = $1`, id).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&event.ID, &event.Source, &event.DeliveryID, &event.ContentType,
				&event.Headers, &event.Body, &event.ReceivedAt)
		})
	batch.Queue("select destination, state, changed_at from delivery where event_id = $1 order by destination", id).
		Query(collectInto(&states))
	batch.Queue("select destination, status, error, took_ms, at from attempt where event_id = $1 order by id", id).
		Query(collectInto(&attempts))
	err = in.db.Batch(ctx, batch)
	return event, states, attempts, notFound(err)
}

// collectInto returns a function that reads a batch's rows into list, column by column.
func collectInto[T any](list *[]T) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[T])
		return err
	}
}
