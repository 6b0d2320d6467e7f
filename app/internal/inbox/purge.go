package inbox

import (
	"context"
	"time"

	"dozen/app/internal/database"
)

// A batch of finished events is bounded by number and by bytes, because it is
// held in memory while it is archived.
const (
	purgeEvents = 1000
	purgeBytes  = 16 << 20
)

// Finished returns the oldest events that came before the given time and have
// no delivery that is still pending: at least one, if there is any.
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

// Purge deletes events with all that belongs to them. One whose delivery was
// started again in the meantime stays.
func (in *Inbox) Purge(ctx context.Context, ids []string) (deleted int, err error) {
	tag, err := in.db.Exec(ctx, `delete from event where id = any ($1::uuid[])
		and not exists (select 1 from delivery where event_id = event.id and state = 'pending')`, ids)
	return int(tag.RowsAffected()), err
}
