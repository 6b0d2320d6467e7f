// Package upkeep contains the scheduler's jobs: it measures the backlog, redrives dead deliveries, and archives and
// purges old events.
package upkeep

import (
	"context"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
)

// backlogSQL counts the jobs that are due or running in each queue. An empty queue must report zero, even if it was
// never used, or its workers never scale in. Jobs of a slow destination, which are put off, count as due: they wait. A
// job that was never tried waits since it was created, however often it was put off.
const backlogSQL = `
select queue, count(job.id), coalesce(extract(epoch from now() - min(
	case when attempt = 0 then least(created_at, scheduled_at) else scheduled_at end)
	filter (where job.state <> 'running')), 0)::float8
from (select $1 as queue union select name from river_queue) known
left join (
	select id, queue, state, attempt, created_at, scheduled_at from river_job
	where state in ('running', 'available', 'scheduled') or state = 'retryable' and scheduled_at <= now()
) job using (queue)
group by queue`

// Backlog writes one metric line per queue: the number of jobs that are due or running, and the age of the oldest one
// that waits. Workers are scaled by it.
func Backlog(ctx context.Context, tx pgx.Tx, metrics *metric.Writer) error {
	rows, err := tx.Query(ctx, backlogSQL, inbox.Queue)
	if err != nil {
		return err
	}
	var queue string
	var count int64
	var age float64
	_, err = pgx.ForEachRow(rows, []any{&queue, &count, &age}, func() error {
		metrics.Write(queue, metric.Value{Name: "Backlog", Unit: "Count", Number: float64(count)},
			metric.Value{Name: "BacklogAge", Unit: "Seconds", Number: age})
		return nil
	})
	return err
}
