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
		Act: func(ctx context.Context, tx pgx.Tx, tick time.Time) error {
			return enqueue(ctx, tx, inbox.Archive{Tick: tick})
		},
	}}
}

// jobTimeout limits one run. The next run does what is left.
const jobTimeout = 10 * time.Minute

// Register adds the workers of these jobs.
func Register(workers *river.Workers, in *inbox.Inbox, to storage.Storage, retention time.Duration, log *slog.Logger) {
	river.AddWorker(workers, &redriver{inbox: in, log: log})
	river.AddWorker(workers, &planner{inbox: in, retention: retention, log: log})
	river.AddWorker(workers, &archivist{inbox: in, to: to, log: log})
}

// redriver works the Redrive jobs.
type redriver struct {
	river.WorkerDefaults[Redrive]
	inbox *inbox.Inbox
	log   *slog.Logger
}

func (r *redriver) Timeout(*river.Job[Redrive]) time.Duration { return jobTimeout }

// Work starts deliveries batch by batch, until there is nothing left to do.
func (r *redriver) Work(ctx context.Context, job *river.Job[Redrive]) error {
	for total := 0; ; {
		started, err := r.inbox.Redrive(ctx)
		if err != nil {
			return err
		}
		if total += started; started == 0 {
			r.log.InfoContext(ctx, "upkeep done", "job", job.Kind, "items", total)
			return nil
		}
	}
}
