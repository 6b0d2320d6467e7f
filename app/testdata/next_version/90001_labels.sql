-- What the next version might bring: compatibility_test.go runs this version's code on it.
-- +goose Up
set local lock_timeout = '2s';
alter table event add column label text;
alter table source add column label text;
alter table destination add column label text;
alter table delivery add column label text;
alter table attempt add column label text;
alter table operator add column label text;
create table label (
	name       text primary key,
	created_at timestamptz not null default now()
);

-- +goose Down
drop table label;
alter table event drop column label;
alter table source drop column label;
alter table destination drop column label;
alter table delivery drop column label;
alter table attempt drop column label;
alter table operator drop column label;
