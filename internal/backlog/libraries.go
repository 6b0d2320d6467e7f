package backlog

// ownQuery is the kind of a source with a query of the team's.
const ownQuery = "sql"

// libraries are the queries for jobs in PostgreSQL, by library. Each selects the queue of every job that is not done, whether it runs,
// and when it is due.
var libraries = map[string]string{
	"river": `select queue, state = 'running' as running, scheduled_at as due from river_job
		where state in ('available', 'running', 'retryable', 'scheduled')`,

	"solid-queue": `select queue_name as queue, false as running, created_at as due from solid_queue_ready_executions
		union all select queue_name, false, scheduled_at from solid_queue_scheduled_executions
		union all select queue_name, true, c.created_at
			from solid_queue_claimed_executions c join solid_queue_jobs j on j.id = c.job_id`,

	"good-job": `select queue_name as queue, performed_at is not null as running, coalesce(scheduled_at, created_at) as due
		from good_jobs where finished_at is null`,

	"delayed-job": `select queue, locked_at is not null as running, run_at as due from delayed_jobs where failed_at is null`,

	// Only versions since 12 have the column blocked; in the others it is the outer one.
	"pg-boss": `select jobs.* from (select false as blocked) older, lateral (
			select name as queue, state = 'active' as running, start_after as due from pgboss.job
			where state in ('created', 'retry', 'active') and not blocked and name not like '\_\_pgboss\_\_%'
		) jobs`,

	"graphile-worker": `select task_identifier as queue, locked_at is not null as running, run_at as due
		from graphile_worker.jobs where attempts < max_attempts or locked_at is not null`,

	"oban": `select queue, state = 'executing' as running, scheduled_at as due from oban_jobs
		where state in ('available', 'executing', 'retryable', 'scheduled')`,

	"procrastinate": `select queue_name as queue, status = 'doing' as running, coalesce(scheduled_at, deferred, now()) as due
		from procrastinate_jobs j left join lateral (
			select max(at) as deferred from procrastinate_events e
			where e.job_id = j.id and type::text in ('deferred', 'deferred_for_retry', 'retried')
		) events on true
		where status in ('todo', 'doing')`,
}

// counted counts the jobs of a library's query: those that run or are due, in the queues that are named, or in all.
func counted(library string) string {
	return `select count(*), coalesce(extract(epoch from now() - min(due) filter (where not running)), 0)
		from (` + libraries[library] + `) jobs
		where (running or due <= now()) and (cardinality($1::text[]) = 0 or queue = any($1::text[]))`
}
