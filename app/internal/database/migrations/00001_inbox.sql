-- +goose Up
create table source (
	name            text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
	scheme          text not null check (scheme in ('hmac', 'github', 'stripe')),
	secret          text not null check (secret <> ''),
	rate_per_minute integer not null default 6000 check (rate_per_minute > 0),
	created_at      timestamptz not null default now()
);

create table destination (
	name          text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
	source        text not null references source (name),
	url           text not null,
	secret        text not null check (secret <> ''),
	allow_private boolean not null default false,
	concurrency   integer not null default 4 check (concurrency > 0),
	max_attempts  integer not null default 12 check (max_attempts between 1 and 100),
	created_at    timestamptz not null default now()
);
create index destination_source on destination (source);

-- The primary key is a UUIDv7: it sorts by time, so that the newest events are
-- found, and the oldest archived, without a second index.
create table event (
	id           uuid primary key,
	source       text not null references source (name),
	delivery_id  text not null,
	content_type text not null,
	headers      jsonb not null,
	body         bytea not null,
	received_at  timestamptz not null default now(),
	unique (source, delivery_id)
);

create table delivery (
	event_id    uuid not null references event (id) on delete cascade,
	destination text not null references destination (name),
	state       text not null default 'pending' check (state in ('pending', 'delivered', 'dead', 'quarantined')),
	changed_at  timestamptz not null default now(),
	primary key (event_id, destination)
);
create index delivery_unfinished on delivery (state, changed_at) where state <> 'delivered';

create table attempt (
	id          bigint generated always as identity primary key,
	event_id    uuid not null references event (id) on delete cascade,
	destination text not null,
	status      integer,
	error       text not null default '',
	took_ms     integer not null,
	at          timestamptz not null default now()
);
create index attempt_event on attempt (event_id);

create table operator (
	email      text primary key,
	password   text not null,
	created_at timestamptz not null default now()
);

-- Which tick of each schedule was acted on last.
create table schedule (
	name      text primary key,
	last_tick timestamptz not null
);

-- What each worker says it is running; see internal/deliver/lease.go.
create table lease (
	worker text primary key,
	jobs   bigint[] not null,
	beat   timestamptz not null
);

-- +goose Down
drop table lease, schedule, operator, attempt, delivery, event, destination, source;
