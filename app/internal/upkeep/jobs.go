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

// Schedules returns the schedules of all jobs. After a downtime, each acts on its newest missed tick only: one run
// does the work of all the missed ones.
func Schedules(jobs *inbox.Jobs, metrics *metric.Writer) []schedule.Schedule {
	enqueue := func(ctx context.Context, tx pgx.Tx, args river.JobArgs) error {
		_, err := jobs.InsertTx(ctx, tx, args, &river.InsertOpts{Queue: inbox.Queue, MaxAttempts: 5})
		return err
	}
	return []schedule.Schedule{{
		Name:  "backlog",
		Every: time.Minute,
		Act:   func(ctx context.Context, tx pgx.Tx, _ time.Time) error { return Backlog(ctx, tx, metrics) },
	}, {
		Name:  "redrive",
		Every: time.Hour,
		Act:   func(ctx context.Context, tx pgx.Tx, tick time.Time) error { return enqueue(ctx, tx, Redrive{tick}) },
	}, {
		Name:   "archive",
		Every:  24 * time.Hour,
		Offset: 3 * time.Hour,
		Act:    func(ctx context.Context, tx pgx.Tx, tick time.Time) error { return enqueue(ctx, tx, Archive{tick}) },
	}}
}

// jobTimeout limits one run. The next run does what is left.
const jobTimeout = 10 * time.Minute

// Register adds the workers of these jobs. Archive uses the time of the tick instead of the current time, so that a
// retried run writes the same objects.
func Register(workers *river.Workers, in *inbox.Inbox, to storage.Storage, retention time.Duration, log *slog.Logger) {
	river.AddWorker(workers, &batches[Redrive]{log: log, next: func(ctx context.Context, _ Redrive) (int, error) {
		return in.Redrive(ctx)
	}})
	river.AddWorker(workers, &batches[Archive]{log: log, next: func(ctx context.Context, job Archive) (int, error) {
		return archiveBatch(ctx, in, to, job.Tick.Add(-retention))
	}})
}

// batches runs a job batch by batch, until there is nothing left to do.
type batches[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	next func(context.Context, T) (done int, err error)
	log  *slog.Logger
}

func (w *batches[T]) Timeout(*river.Job[T]) time.Duration { return jobTimeout }

func (w *batches[T]) Work(ctx context.Context, job *river.Job[T]) error {
	for total := 0; ; {
		done, err := w.next(ctx, job.Args)
		if err != nil {
			return err
		}
		if total += done; done == 0 {
			w.log.InfoContext(ctx, "upkeep done", "job", job.Kind, "items", total)
			return nil
		}
	}
}
