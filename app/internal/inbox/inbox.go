package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"dozen/app/internal/database"
)

// Queue is the queue of deliveries and upkeep. It has the name of the process in the Procfile that works it, because
// workers are scaled by the backlog metric of that name.
const Queue = "worker"

// ErrNotFound means that the source, destination or event does not exist.
var ErrNotFound = errors.New("not found")

// Delivery is the job that delivers one event to one destination.
type Delivery struct {
	EventID     string `json:"event_id"`
	Destination string `json:"destination"`
}

// Kind implements river.JobArgs.
func (Delivery) Kind() string { return "deliver" }

// Jobs is the River client that inserts jobs; every process has one.
type Jobs = river.Client[pgx.Tx]

// Inbox is the store of events.
type Inbox struct {
	db   *database.DB
	jobs *Jobs
}

// New returns an inbox in db whose jobs are inserted by jobs.
func New(db *database.DB, jobs *Jobs) *Inbox { return &Inbox{db, jobs} }

// NewJobs returns a River client on db. It also works jobs if config has queues.
func NewJobs(db *database.DB, config *river.Config) (*Jobs, error) {
	return river.NewClient(riverpgxv5.New(db.Pool), config)
}

// Event is a request that a source has posted.
type Event struct {
	ID          string            `json:"id"`
	Source      string            `json:"source"`
	DeliveryID  string            `json:"delivery_id"` // the source's own id; "" becomes the event's
	ContentType string            `json:"content_type"`
	Headers     map[string]string `json:"headers"`
	Body        []byte            `json:"body"`
	ReceivedAt  time.Time         `json:"received_at"`
}

// storeEvent writes an event, a delivery for each destination of its source, and their jobs. It writes nothing if the
// source's delivery id is known. It is a single statement: one transaction in one round trip. docs/adr/0101 explains
// why the jobs are not inserted by River's client.
const storeEvent = `
with stored as (
	insert into event (id, source, delivery_id, content_type, headers, body)
	values ($1, $2, $3, $4, $5, $6)
	on conflict (source, delivery_id) do nothing
	returning id
), planned as (
	insert into delivery (event_id, destination)
	select stored.id, destination.name from stored, destination where destination.source = $2
	returning event_id, destination
), queued as (
	insert into river_job (kind, queue, args, max_attempts)
	select 'deliver', $7, jsonb_build_object('event_id', event_id, 'destination', destination), max_attempts
	from planned join destination on name = planned.destination
)
select exists (select from stored)`

// Accept stores an event with its deliveries and their jobs, all or nothing, and returns the event's id. If the source
// has posted the same delivery id before, Accept stores nothing, and returns the first event's id and known true.
func (in *Inbox) Accept(ctx context.Context, event Event) (id string, known bool, err error) {
	event.ID = newID(time.Now())
	if event.DeliveryID == "" {
		event.DeliveryID = event.ID
	}
	if event.Headers == nil {
		event.Headers = map[string]string{}
	}
	var stored bool
	err = in.db.QueryRow(ctx, storeEvent, event.ID, event.Source, event.DeliveryID, event.ContentType,
		event.Headers, event.Body, Queue).Scan(&stored)
	if err != nil || stored {
		return event.ID, false, err
	}
	err = in.db.QueryRow(ctx, "select id::text from event where source = $1 and delivery_id = $2",
		event.Source, event.DeliveryID).Scan(&event.ID)
	return event.ID, true, err
}
