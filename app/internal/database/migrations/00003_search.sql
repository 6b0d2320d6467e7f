-- A plain index build would hold up every incoming event; this one does not,
-- but cannot run in a transaction. If it is killed it leaves an invalid index,
-- which the rerun drops first.
-- +goose NO TRANSACTION
-- +goose Up
set lock_timeout = '2s';
drop index concurrently if exists event_delivery_id;
create index concurrently event_delivery_id on event (delivery_id);

-- +goose Down
drop index if exists event_delivery_id;
