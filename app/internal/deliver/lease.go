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

// A queue that waits an hour for a killed worker's jobs is no queue for
// webhooks. So each worker says every second or two that it lives, and which
// jobs it runs; and each looks for jobs that nobody runs any more:
//
//	job is running, and its worker ...
//	   has been silent for Silence, watched by the looker's own clock  ──► lost
//	   lives, but does not name the job                                ──► lost
//	   has left no lease at all                                        ──► lost
//
// Silence is measured by watching and not by the time in the row: after a
// database outage every lease looks old, and all running jobs would run twice.
//
// A lost job is available again at once, and the loss stands among the event's
// attempts. A job that is lost for the fifth time is likely to be what kills
// the workers, and is quarantined.
const (
	// Silence is for how long a worker must be silent to be taken for dead. A
	// job that still runs by then will run twice, so it is several beats.
	Silence = 7 * time.Second
	beats   = 4
	maxLost = 5
)

// Lease keeps one worker's lease, and collects the jobs of those without.
// It is a River middleware, to know what runs.
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

// sighting is a beat, and when this process first saw it.
type sighting struct{ beat, at time.Time }

// NewLease returns the lease of the worker with the given River client id.
// All workers of a database must use the same silence.
func NewLease(db *database.DB, log *slog.Logger, worker string, silence time.Duration) *Lease {
	return &Lease{db: db, log: log, worker: worker, silence: silence, running: map[int64]struct{}{}, seen: map[string]sighting{}}
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

// Run beats and collects until ctx ends.
func (l *Lease) Run(ctx context.Context) {
	ticker := time.NewTicker(l.silence / beats)
	defer ticker.Stop()
	for {
		if err := l.turn(ctx); err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, "lease not renewed", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Beat writes the lease. It must succeed once before the worker takes jobs.
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

// End gives the lease up, when nothing runs any more.
func (l *Lease) End(ctx context.Context) error {
	_, err := l.db.Exec(ctx, "delete from lease where worker = $1", l.worker)
	return err
}

// turn beats, looks and collects once.
func (l *Lease) turn(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			clear(l.seen) // blind for a while: what was seen before proves nothing
		}
	}()
	ctx, done := context.WithTimeout(ctx, l.silence/2)
	defer done()
	if err := l.Beat(ctx); err != nil {
		return err
	}
	silent, err := l.watch(ctx)
	if err != nil {
		return err
	}
	return l.collect(ctx, silent)
}

// watch returns the workers whose beat has not changed for too long.
func (l *Lease) watch(ctx context.Context) (silent []string, err error) {
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

// collectLost is safe to run in many workers at once. Starts that ended in
// neither success nor error are the lost ones; a lost start does not use up
// an attempt.
const collectLost = `
with lost as (
	select id, attempt - coalesce(cardinality(errors), 0) >= $3 as quarantine
	from river_job left join lease on lease.worker = attempted_by[cardinality(attempted_by)]
	where state = 'running' and (
		lease.worker is null and attempted_at < now() - $2::interval
		or lease.worker = any ($1::text[])
		or lease.beat > attempted_at + $2::interval and id <> all (lease.jobs))
	limit 1000
	for update of river_job skip locked
), collected as (
	update river_job set
		state = case when quarantine then 'discarded' else 'available' end::river_job_state,
		finalized_at = case when quarantine then now() end,
		scheduled_at = now(), max_attempts = least(max_attempts + 1, 32767)
	from lost where lost.id = river_job.id
	returning river_job.id, quarantine, attempted_at,
		case when kind = 'deliver' then (args ->> 'event_id')::uuid end as event_id, args ->> 'destination' as destination
), noted as (
	insert into attempt (event_id, destination, error, took_ms)
	select event_id, destination, case when quarantine then $5 else $4 end, extract(epoch from now() - attempted_at) * 1000
	from collected join delivery using (event_id, destination)
), quarantined as (
	update delivery set state = 'quarantined', changed_at = now() from collected
	where quarantine and delivery.event_id = collected.event_id and delivery.destination = collected.destination
), forgotten as (
	delete from lease where worker = any ($1::text[]) and beat < now() - interval '1 hour'
)
select id, quarantine, coalesce(event_id::text, '') from collected`

// What an event's page shows for a lost job.
const (
	noteLost        = "the worker was lost on the way; tried again"
	noteQuarantined = "the worker was lost on the way, as so often before: this may be what kills it, so it is quarantined until somebody replays it"
)

func (l *Lease) collect(ctx context.Context, silent []string) error {
	rows, err := l.db.Query(ctx, collectLost, silent, l.silence, maxLost, noteLost, noteQuarantined)
	if err != nil {
		return err
	}
	var id int64
	var quarantine bool
	var event string // "" if the job is no delivery
	_, err = pgx.ForEachRow(rows, []any{&id, &quarantine, &event}, func() error {
		if quarantine {
			l.log.ErrorContext(ctx, "job was lost with its worker too often and is quarantined", "job_id", id, "event_id", event)
		} else {
			l.log.WarnContext(ctx, "job was lost with its worker and runs again", "job_id", id, "event_id", event)
		}
		return nil
	})
	return err
}
