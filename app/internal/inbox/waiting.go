package inbox

import (
	"context"
	"time"
)

// Jobs that are put off are due again one after the other, so that a destination that still hangs costs a worker few
// fetches, and one whose workers have died gets its events all the same.
const (
	putOffStep  = 50 * time.Millisecond
	putOffBatch = 50_000
)

// PutOff postpones all due jobs of a destination until after the given time, and returns when the last one is due. The
// jobs stay available in the queue: nothing has to wake them.
func (in *Inbox) PutOff(ctx context.Context, destination string, from time.Time) (last time.Time, err error) {
	tag, err := in.db.Exec(ctx, `
		with due as (
			select id from river_job
			where state = 'available' and queue = $1 and kind = 'deliver' and scheduled_at <= now()
				and args @> jsonb_build_object('destination', $2::text)
			order by scheduled_at, id limit $3 for update skip locked
		), numbered as (select id, row_number() over (order by id) as number from due)
		update river_job set scheduled_at = now() + $4::interval + number * $5::interval
		from numbered where numbered.id = river_job.id`,
		Queue, destination, putOffBatch, time.Until(from), putOffStep)
	return from.Add(time.Duration(tag.RowsAffected()) * putOffStep), err
}

// Forward makes the first jobs due that were put off for a destination. It returns how many there were.
func (in *Inbox) Forward(ctx context.Context, destination string, jobs int) (found int, err error) {
	tag, err := in.db.Exec(ctx, `
		update river_job set scheduled_at = now() where id in (
			select id from river_job
			where state = 'available' and queue = $1 and priority = 1 and scheduled_at > now() and kind = 'deliver'
				and args ->> 'destination' = $2
			order by scheduled_at, id limit $3 for update skip locked)`, Queue, destination, jobs)
	return int(tag.RowsAffected()), err
}
