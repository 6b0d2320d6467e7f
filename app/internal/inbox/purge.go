package inbox

import (
	"context"
	"time"

	"dozen/app/internal/database"
)

// A batch of finished events is held in memory while it is archived, so its number and bytes are bounded.
const (
	purgeEvents = 1000
	purgeBytes  = 16 << 20
)

// Finished returns a batch of the oldest events that were received before the given time and have no pending delivery.
// The batch is empty only if there are no such events.
func (in *Inbox) Finished(ctx context.Context, before time.Time) ([]Event, error) {
	return database.List[Event](ctx, in.db, `
		select id::text, source, delivery_id, content_type, headers, body, received_at from (
			select *, sum(octet_length(body)) over (order by id) - octet_length(body) as bytes_before
			from (
				select * from event
				where received_at < $1
					and not exists (select 1 from delivery where event_id = event.id and state = 'pending')
				order by id limit $2
			) oldest
		) batch
		where bytes_before < $3 order by id`, before, purgeEvents, purgeBytes)
}

// Purge deletes events with their deliveries and attempts. It keeps an event of which a delivery has become pending
// again.
func (in *Inbox) Purge(ctx context.Context, ids []string) (deleted int, err error) {
	tag, err := in.db.Exec(ctx, `delete from event where id = any ($1::uuid[])
		and not exists (select 1 from delivery where event_id = event.id and state = 'pending')`, ids)
	return int(tag.RowsAffected()), err
}
