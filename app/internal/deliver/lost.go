package deliver

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// collectLostSQL makes lost jobs available again, or quarantines them. It is safe to run in many workers at once. A
// start that ended neither in success nor in an error was lost; it does not use up an attempt.
const collectLostSQL = `
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
		case when kind = 'deliver' then (args ->> 'event_id')::uuid end as event_id,
		args ->> 'destination' as destination
), noted as (
	insert into attempt (event_id, destination, error, took_ms)
	select event_id, destination, case when quarantine then $5 else $4 end,
		extract(epoch from now() - attempted_at) * 1000
	from collected join delivery using (event_id, destination)
), quarantined as (
	update delivery set state = 'quarantined', changed_at = now() from collected
	where quarantine and delivery.event_id = collected.event_id and delivery.destination = collected.destination
		and delivery.state = 'pending'
), forgotten as (
	delete from lease where worker = any ($1::text[]) and beat < now() - interval '1 hour'
)
select id, quarantine, coalesce(event_id::text, '') from collected`

// Errors that an event's page shows for attempts whose job was lost.
const (
	lostError        = "the worker died while delivering this event; it is delivered again"
	quarantinedError = "the worker died while delivering this event, for the fifth time: " +
		"it is quarantined until an operator replays it"
)

func (l *Lease) collectLost(ctx context.Context, silent []string) error {
	rows, err := l.db.Query(ctx, collectLostSQL, silent, l.silence, maxLost, lostError, quarantinedError)
	if err != nil {
		return err
	}
	var id int64
	var quarantine bool
	var event string // "" unless the job is a delivery
	_, err = pgx.ForEachRow(rows, []any{&id, &quarantine, &event}, func() error {
		if quarantine {
			l.log.ErrorContext(ctx, "a job lost its worker too often and is quarantined",
				"job_id", id, "event_id", event)
		} else {
			l.log.WarnContext(ctx, "a job lost its worker and will run again", "job_id", id, "event_id", event)
		}
		return nil
	})
	return err
}
