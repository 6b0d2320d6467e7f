-- +goose Up
set local lock_timeout = '2s';
alter table delivery add column redrives integer not null default 0;

-- +goose Down
alter table delivery drop column redrives;
