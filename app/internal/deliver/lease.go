package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/database"
)

// Webhooks cannot wait for an hour until the jobs of a killed worker run again. So every second or two, each worker
// writes a lease: that it is alive, and which jobs it is running. And each worker looks for lost jobs:
//
//	the job is running, and its worker ...
//	   has been silent for Silence, by the clock of the worker that looks  ──► lost
//	   is alive, but its lease does not list the job                       ──► lost
//	   has no lease                                                        ──► lost
//
// Workers measure the silence themselves and do not compare the time in the row: after an outage of the database every
// lease looks old, and all running jobs would run twice.
//
// A lost job becomes available again at once, and an attempt of the event records the loss. If a job is lost for the
// fifth time, it is probably what kills the workers, so it is quarantined.
const (
	// Silence is how long a worker must be silent to count as dead. If it is alive, its jobs run twice, so Silence is
	// several beats.
	Silence = 7 * time.Second
	beats   = 4
	maxLost = 5 // starts; quarantinedError names this number
)

// Lease renews one worker's lease, and collects the lost jobs of others. It is a River middleware, so that it knows
// which jobs the worker is running.
type Lease struct {
	river.MiddlewareDefaults
	db      *database.DB
	log     *slog.Logger
	worker  string
	silence time.Duration

	mu      sync.Mutex
	running map[int64]struct{}

	seen map[string]sighting // used by Run's goroutine alone
}

// sighting is the last beat of a worker, and when this process first saw it.
type sighting struct{ beat, at time.Time }

// NewLease returns the lease of the worker with the given River client id. All workers of a database must use the same
// silence.
func NewLease(db *database.DB, log *slog.Logger, worker string, silence time.Duration) *Lease {
	return &Lease{
		db:      db,
		log:     log,
		worker:  worker,
		silence: silence,
		running: map[int64]struct{}{},
		seen:    map[string]sighting{},
	}
}

// Work implements rivertype.WorkerMiddleware.
func (l *Lease) Work(ctx context.Context, job *rivertype.JobRow, inner func(context.Context) error) error {
	l.mu.Lock()
	l.running[job.ID] = struct{}{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.running, job.ID)
		l.mu.Unlock()
	}()
	return inner(ctx)
}

// Run renews the lease and collects lost jobs until ctx ends.
func (l *Lease) Run(ctx context.Context) {
	ticker := time.NewTicker(l.silence / beats)
	defer ticker.Stop()
	for {
		if err := l.renewAndCollect(ctx); err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, "cannot renew the lease", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Beat renews the lease once. It must succeed before the worker takes its first job.
func (l *Lease) Beat(ctx context.Context) error {
	l.mu.Lock()
	jobs := make([]int64, 0, len(l.running))
	for id := range l.running {
		jobs = append(jobs, id)
	}
	l.mu.Unlock()
	_, err := l.db.Exec(ctx, `insert into lease (worker, jobs, beat) values ($1, $2, clock_timestamp())
		on conflict (worker) do update set jobs = excluded.jobs, beat = excluded.beat`, l.worker, jobs)
	return err
}

// End deletes the lease. Call it when no job is running any more.
func (l *Lease) End(ctx context.Context) error {
	_, err := l.db.Exec(ctx, "delete from lease where worker = $1", l.worker)
	return err
}

// renewAndCollect does once what Run repeats.
func (l *Lease) renewAndCollect(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			clear(l.seen) // we may have missed beats, so what we saw before proves nothing
		}
	}()
	ctx, done := context.WithTimeout(ctx, l.silence/2)
	defer done()
	if err := l.Beat(ctx); err != nil {
		return err
	}
	silent, err := l.silentWorkers(ctx)
	if err != nil {
		return err
	}
	return l.collectLost(ctx, silent)
}

// silentWorkers returns the workers whose beat has not changed for too long.
func (l *Lease) silentWorkers(ctx context.Context) (silent []string, err error) {
	rows, err := l.db.Query(ctx, "select worker, beat from lease")
	if err != nil {
		return nil, err
	}
	now, before := time.Now(), l.seen
	l.seen = map[string]sighting{}
	var worker string
	var beat time.Time
	_, err = pgx.ForEachRow(rows, []any{&worker, &beat}, func() error {
		sight, known := before[worker]
		if !known || !sight.beat.Equal(beat) {
			sight = sighting{beat, now}
		}
		l.seen[worker] = sight
		if now.Sub(sight.at) >= l.silence {
			silent = append(silent, worker)
		}
		return nil
	})
	return silent, err
}
