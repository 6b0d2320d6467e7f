-- +goose Up
alter table delivery add column redrives integer not null default 0;

-- +goose Down
alter table delivery drop column redrives;
