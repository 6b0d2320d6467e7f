package inbox

import (
	"context"
	"time"
)

// Jobs that are put off are due again one after the other, so that a destination that still hangs costs a worker few
// fetches, and one whose workers have died gets its events all the same:
//
//	now ──┬──┬──┬──┬──┬──┬──┬──┬──► time
//	      due by themselves   ◄── brought forward
//	                          ──► put off
//
// PutOff adds to the end, and Forward takes from the end. So there is never a gap in which nothing is due by itself, though
// the destination is well.
const (
	putOffStep  = 50 * time.Millisecond
	putOffBatch = 50_000
)

// waitingJobs selects the jobs of a destination ($2) in the queue ($1). Its order is that of the index which workers use.
const waitingJobs = `from river_job where state = 'available' and queue = $1 and priority = 1 and kind = 'deliver'
	and args ->> 'destination' = $2`

// PutOff postpones all due jobs of a destination, behind those that it has put off before. The jobs stay available in the
// queue: nothing has to wake them. It is one statement, because workers skip the jobs that it has locked, and go on to those
// of other destinations, while it writes.
func (in *Inbox) PutOff(ctx context.Context, destination string) error {
	_, err := in.db.Exec(ctx, `
		with due as (
			select id `+waitingJobs+` and scheduled_at <= now()
			order by scheduled_at, id limit $3 for update skip locked
		), numbered as (
			select id, row_number() over (order by id) as number from due
		), behind as (
			select greatest(now() + interval '1 second',
				(select scheduled_at `+waitingJobs+` order by scheduled_at desc limit 1)) as time
		)
		update river_job set scheduled_at = behind.time + number * $4::interval
		from numbered, behind where numbered.id = river_job.id`,
		Queue, destination, putOffBatch, putOffStep)
	return err
}

// Forward makes jobs due that were put off for a destination, so that as many are due as it is told. It returns how many
// were due before, and how many it has added.
func (in *Inbox) Forward(ctx context.Context, destination string, jobs int) (due, added int, err error) {
	err = in.db.QueryRow(ctx, `
		with due as (
			select count(*) as count from (select `+waitingJobs+` and scheduled_at <= now() limit $3) d
		), added as (
			update river_job set scheduled_at = now() where id in (
				select id `+waitingJobs+` and scheduled_at > now()
				order by scheduled_at desc, id desc limit (select $3 - count from due) for update skip locked)
			returning id
		)
		select due.count, (select count(*) from added) from due`, Queue, destination, jobs).Scan(&due, &added)
	return due, added, err
}
