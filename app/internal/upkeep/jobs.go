package upkeep

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
	"dozen/app/internal/schedule"
	"dozen/app/internal/storage"
)

// Redrive is the hourly job that gives dead deliveries another chance.
type Redrive struct {
	Tick time.Time `json:"tick"`
}

// Kind implements river.JobArgs.
func (Redrive) Kind() string { return "redrive" }

// Archive is the nightly job that moves old events to object storage.
type Archive struct {
	Tick time.Time `json:"tick"`
}

// Kind implements river.JobArgs.
func (Archive) Kind() string { return "archive" }

// Schedules lists what happens when. After a downtime the newest missed tick
// of each is made up for: one run does the work of all that were missed.
func Schedules(jobs *inbox.Jobs, metrics *metric.Writer) []schedule.Schedule {
	enqueue := func(ctx context.Context, tx pgx.Tx, args river.JobArgs) error {
		_, err := jobs.InsertTx(ctx, tx, args, &river.InsertOpts{Queue: inbox.Queue, MaxAttempts: 5})
		return err
	}
	return []schedule.Schedule{
		{Name: "backlog", Every: time.Minute, Act: func(ctx context.Context, tx pgx.Tx, _ time.Time) error {
			return Backlog(ctx, tx, metrics)
		}},
		{Name: "redrive", Every: time.Hour, Act: func(ctx context.Context, tx pgx.Tx, tick time.Time) error {
			return enqueue(ctx, tx, Redrive{tick})
		}},
		{Name: "archive", Every: 24 * time.Hour, Offset: 3 * time.Hour, Act: func(ctx context.Context, tx pgx.Tx, tick time.Time) error {
			return enqueue(ctx, tx, Archive{tick})
		}},
	}
}

// jobTimeout bounds one run; what is left over is done by the next.
const jobTimeout = 10 * time.Minute

// Register adds the workers of these jobs.
func Register(workers *river.Workers, in *inbox.Inbox, to storage.Storage, retention time.Duration, log *slog.Logger) {
	river.AddWorker(workers, &redriver{inbox: in, log: log})
	river.AddWorker(workers, &archiver{inbox: in, storage: to, retention: retention, log: log})
}

type redriver struct {
	river.WorkerDefaults[Redrive]
	inbox *inbox.Inbox
	log   *slog.Logger
}

func (w *redriver) Timeout(*river.Job[Redrive]) time.Duration { return jobTimeout }

func (w *redriver) Work(ctx context.Context, _ *river.Job[Redrive]) error {
	total := 0
	for {
		started, err := w.inbox.Redrive(ctx)
		if err != nil {
			return err
		}
		total += started
		if started == 0 {
			w.log.InfoContext(ctx, "redriven", "deliveries", total)
			return nil
		}
	}
}

type archiver struct {
	river.WorkerDefaults[Archive]
	inbox     *inbox.Inbox
	storage   storage.Storage
	retention time.Duration
	log       *slog.Logger
}

func (w *archiver) Timeout(*river.Job[Archive]) time.Duration { return jobTimeout }

// Work archives by the tick's time, not by now: a run that is tried again
// makes the same objects.
func (w *archiver) Work(ctx context.Context, job *river.Job[Archive]) error {
	total := 0
	for {
		moved, err := archiveBatch(ctx, w.inbox, w.storage, job.Args.Tick.Add(-w.retention))
		if err != nil {
			return err
		}
		total += moved
		if moved == 0 {
			w.log.InfoContext(ctx, "archived", "events", total)
			return nil
		}
	}
}
