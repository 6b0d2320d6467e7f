-- +goose NO TRANSACTION
-- +goose Up
set lock_timeout = '2s';
drop index concurrently if exists event_label;
create index concurrently event_label on event (label);

-- +goose Down
drop index concurrently if exists event_label;
