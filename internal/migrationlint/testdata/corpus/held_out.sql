-- Written before the rules, and not looked at until they were finished. Other projects than those of seen.sql.

## harmful: removing a column that the processes have cached [GitLab]
ALTER TABLE users DROP COLUMN created_at;

## harmful: the three steps of a removed column at once [GitLab]
ALTER TABLE users ALTER COLUMN name DROP NOT NULL;
ALTER TABLE users DROP COLUMN IF EXISTS name;

## safe: a copy of a column under its new name, kept by a trigger [GitLab]
ALTER TABLE users ADD COLUMN created_timestamp timestamp;
-- +goose StatementBegin
CREATE FUNCTION users_created_timestamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.created_timestamp := NEW.created_at;
	RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER users_created_timestamp BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION users_created_timestamp();

## harmful: the cleanup of a rename, in the same release [GitLab]
DROP TRIGGER IF EXISTS orders_touch ON orders;
ALTER TABLE orders DROP COLUMN changed_at;

## harmful: a type with a cast [GitLab]
ALTER TABLE settings ALTER COLUMN value TYPE jsonb USING value::jsonb;

## safe: the bigint columns of a conversion [GitLab]
ALTER TABLE orders ADD COLUMN number_convert_to_bigint bigint DEFAULT 0 NOT NULL;

## harmful: swapping two columns [GitLab]
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
ALTER TABLE orders RENAME COLUMN number TO number_tmp;

## safe: another default [GitLab]
ALTER TABLE items ALTER COLUMN quantity SET DEFAULT 101;

## safe notx: add_concurrent_index with a condition [GitLab]
DROP INDEX CONCURRENTLY IF EXISTS index_orders_on_note;
CREATE INDEX CONCURRENTLY index_orders_on_note ON orders USING btree (note) WHERE note IS NOT NULL;

## safe notx: remove_concurrent_index_by_name [GitLab]
DROP INDEX CONCURRENTLY IF EXISTS orders_user_id;

## safe: adding a table [GitLab]
CREATE TABLE db_guides (
	id bigserial PRIMARY KEY,
	stars bigint DEFAULT 0 NOT NULL,
	guide bigint NOT NULL,
	title text,
	CONSTRAINT check_title CHECK (char_length(title) <= 128)
);
CREATE INDEX index_db_guides_on_guide ON db_guides USING btree (guide);

## harmful: dropping a table [GitLab]
DROP TABLE IF EXISTS settings;

## harmful: dropping a sequence [GitLab]
DROP SEQUENCE numbers CASCADE;

## harmful: truncating [GitLab]
TRUNCATE TABLE notes;

## safe: a foreign key in two steps [GitLab]
ALTER TABLE notes ADD COLUMN author_id bigint;
---- next file
ALTER TABLE notes ADD CONSTRAINT fk_notes_author FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID;
---- next file
ALTER TABLE notes VALIDATE CONSTRAINT fk_notes_author;

## safe: removing a foreign key that does nothing on delete [GitLab]
ALTER TABLE items DROP CONSTRAINT items_parent;

## safe: a limit for a text column [GitLab]
ALTER TABLE orders ADD CONSTRAINT check_note_limit CHECK (char_length(note) <= 1024) NOT VALID;

## safe: a check for a new column with a default that satisfies it [GitLab]
ALTER TABLE users ADD COLUMN status text DEFAULT 'active';
ALTER TABLE users ADD CONSTRAINT check_status CHECK (status IN ('active', 'inactive')) NOT VALID;

## harmful: the same check, validated at once [GitLab]
ALTER TABLE users ADD COLUMN status text DEFAULT 'active';
ALTER TABLE users ADD CONSTRAINT check_status CHECK (status IN ('active', 'inactive'));

## harmful: swapping a primary key [GitLab]
ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE;

## safe: the partitioning key [GitLab]
ALTER TABLE users ADD COLUMN partition_id bigint DEFAULT 100 NOT NULL;

## safe: a partitioned copy of a table, with its partitions [GitLab]
CREATE TABLE audit_events (id bigint NOT NULL, created_at timestamptz NOT NULL, details jsonb, PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
CREATE TABLE audit_events_000000 PARTITION OF audit_events FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE audit_events_202501 PARTITION OF audit_events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');

## harmful: a large table is updated at once, with a condition [Mastodon]
UPDATE orders SET state = 'closed' WHERE state = 'new' AND total > 1;

## harmful unseen: bringing a sequence up to the rows [Mastodon]
LOCK TABLE items IN EXCLUSIVE MODE;
SELECT setval('items_id_seq'::regclass, id) FROM items ORDER BY id DESC LIMIT 1;

## safe notx: a smaller index in place of an old one [Mastodon]
DROP INDEX CONCURRENTLY IF EXISTS index_orders_on_note_new;
CREATE INDEX CONCURRENTLY index_orders_on_note_new ON orders (note text_pattern_ops) WHERE note IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS orders_total;

## safe: renaming an index that is not unique [Mastodon]
ALTER INDEX orders_total RENAME TO old_orders_total;

## harmful notx: removing the index that kept duplicates away [Mastodon]
DROP INDEX CONCURRENTLY IF EXISTS orders_number;

## safe notx: a unique index and the primary key from it [Mastodon]
DROP INDEX CONCURRENTLY IF EXISTS old_events_pkey;
CREATE UNIQUE INDEX CONCURRENTLY old_events_pkey ON old_events (id, at);
---- next file
ALTER TABLE old_events ADD PRIMARY KEY USING INDEX old_events_pkey;

## harmful: a materialized view becomes a table [Mastodon]
CREATE TABLE tmp_sums (user_id bigint PRIMARY KEY, orders bigint);
INSERT INTO tmp_sums SELECT user_id, orders FROM sums;
DROP MATERIALIZED VIEW sums;
ALTER TABLE tmp_sums RENAME TO sums;

## harmful: duplicates are removed in one statement [Mastodon]
DELETE FROM items USING items d WHERE items.id > d.id AND items.order_id = d.order_id;

## harmful: removed columns of old policies [Mastodon]
ALTER TABLE orders DROP COLUMN note, DROP COLUMN priority;

## safe: a column for a permission [Mastodon]
ALTER TABLE settings ADD COLUMN permissions bigint DEFAULT 0 NOT NULL;

## harmful: a shorter type with USING [django-migration-linter]
ALTER TABLE items ALTER COLUMN sku TYPE varchar(10) USING sku::varchar(10);

## safe: NOT NULL with a function that is computed once [django-migration-linter]
ALTER TABLE orders ADD COLUMN not_null_field integer DEFAULT (pi()) NOT NULL;

## harmful: default, update, NOT NULL, default dropped [django-migration-linter]
ALTER TABLE items ALTER COLUMN quantity SET DEFAULT 42;
UPDATE items SET quantity = 42 WHERE quantity IS NULL;
ALTER TABLE items ALTER COLUMN quantity SET NOT NULL;
ALTER TABLE items ALTER COLUMN quantity DROP DEFAULT;

## harmful: unique together [django-migration-linter]
ALTER TABLE items ADD CONSTRAINT items_uniq UNIQUE (order_id, sku, id);

## harmful: a unique index [django-migration-linter]
CREATE UNIQUE INDEX index_name ON users (name, id);

## safe: many to many [django-migration-linter]
CREATE TABLE many (id serial NOT NULL PRIMARY KEY, b_id integer NOT NULL, a_id integer NOT NULL);
CREATE TABLE side (id integer PRIMARY KEY);
ALTER TABLE many ADD CONSTRAINT many_b FOREIGN KEY (b_id) REFERENCES side (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE many ADD CONSTRAINT many_uniq UNIQUE (b_id, a_id);
CREATE INDEX many_b_id ON many (b_id);

## safe: an index of an expression of a new table [django-migration-linter]
CREATE TABLE films (title text);
ALTER TABLE films ADD CONSTRAINT title_not_empty CHECK (char_length(title) > 0);
CREATE INDEX ON films ((lower(title)));

## harmful: the index is of another table [django-migration-linter]
CREATE TABLE films (title text);
CREATE INDEX ON items ((lower(sku)));

## safe notx: an expression, concurrently [django-migration-linter]
DROP INDEX CONCURRENTLY IF EXISTS items_sku;
CREATE INDEX CONCURRENTLY items_sku ON items (lower(sku));

## harmful: REINDEX of an index [django-migration-linter]
REINDEX INDEX orders_total;

## harmful: an index in the transaction that holds the lock [django-migration-linter]
ALTER TABLE users ADD COLUMN second_email varchar(254) NULL;
CREATE INDEX user_email ON users (second_email);

## safe: two columns of JSON [Hatchet]
ALTER TABLE orders ADD COLUMN "customUserData" jsonb;
ALTER TABLE items ADD COLUMN "inputSchema" jsonb;

## harmful: a sequence, and the type of the column that it fills [Hatchet]
CREATE SEQUENCE order_seq;
ALTER TABLE orders ALTER COLUMN number TYPE bigint;
ALTER SEQUENCE order_seq OWNED BY orders.number;
ALTER TABLE orders ALTER COLUMN number SET DEFAULT nextval('order_seq'::regclass);

## safe: a value of an enum, and a column [Hatchet]
ALTER TYPE mood ADD VALUE 'GROUP_ROUND_ROBIN';
ALTER TABLE users ADD COLUMN "maxRuns" integer;

## harmful: a foreign key with another action, validated [Hatchet]
ALTER TABLE items DROP CONSTRAINT items_order;
ALTER TABLE items ADD CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE ON UPDATE CASCADE;

## safe: a column with three digits of a second [Hatchet]
ALTER TABLE users ADD COLUMN "nextAlertAt" timestamp(3);

## safe: a new table with unique indexes [Hatchet]
CREATE TABLE "SNSIntegration" (
	"id" uuid NOT NULL,
	"createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
	"tenantId" bigint NOT NULL,
	"topicArn" text NOT NULL,
	CONSTRAINT "SNSIntegration_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "SNSIntegration_id_key" ON "SNSIntegration" ("id");
ALTER TABLE "SNSIntegration" ADD CONSTRAINT "SNSIntegration_tenantId_fkey" FOREIGN KEY ("tenantId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE;

## harmful: a column, and the type that it had [Hatchet]
ALTER TABLE users DROP COLUMN mood;
DROP TYPE mood;

## safe: several columns in one statement [Hatchet]
ALTER TABLE users
	ADD COLUMN "languageVersion" text NULL,
	ADD COLUMN "createdAt2" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
	ADD COLUMN "isPaused" boolean NULL DEFAULT false;

## safe notx: three indexes in one file [Hatchet]
DROP INDEX CONCURRENTLY IF EXISTS users_created_at_idx;
CREATE INDEX CONCURRENTLY users_created_at_idx ON users (created_at);
DROP INDEX CONCURRENTLY IF EXISTS items_order_sku_idx;
CREATE INDEX CONCURRENTLY items_order_sku_idx ON items (order_id, sku);
DROP INDEX CONCURRENTLY IF EXISTS items_parent_idx;
CREATE INDEX CONCURRENTLY items_parent_idx ON items (parent) INCLUDE (sku);

## harmful: a constraint and CONCURRENTLY in one transaction [Hatchet]
ALTER TABLE orders ADD CONSTRAINT orders_priority_check CHECK (priority >= 1 AND priority <= 4);
DROP INDEX CONCURRENTLY IF EXISTS orders_total;

## harmful: another primary key [Hatchet]
ALTER TABLE settings DROP CONSTRAINT settings_pkey, ADD COLUMN id bigserial NOT NULL, ADD PRIMARY KEY (id);

## harmful: a type of a timestamp without its digits, and a volatile default with the rows' backfill [Hatchet]
ALTER TABLE users ADD COLUMN seen_at timestamp NOT NULL DEFAULT clock_timestamp();

## harmful: every empty name becomes a text [Hatchet]
UPDATE users SET name = '' WHERE name IS NULL;

## safe: a foreign key again, not validated [Hatchet]
ALTER TABLE items DROP CONSTRAINT items_parent,
	ADD CONSTRAINT items_parent FOREIGN KEY (parent) REFERENCES items (id) ON UPDATE CASCADE ON DELETE SET NULL NOT VALID;

## harmful: a table is emptied for a required column [Hatchet]
TRUNCATE TABLE old_events;
ALTER TABLE old_events ADD COLUMN resource text NOT NULL;

## safe: new statistics of some tables [Hatchet]
ANALYZE orders, items;

## safe: an index of the parent only, without its partitions [Hatchet]
CREATE INDEX IF NOT EXISTS events_payload ON ONLY events USING gin (payload jsonb_path_ops);

## harmful: the trigger, its function and its table [Hatchet]
DROP TRIGGER orders_touch ON orders;
DROP FUNCTION touch();
DROP TABLE notes;

## harmful unseen: a value and a view of a changed set of rows [Hatchet]
-- +goose StatementBegin
DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'ui_version') THEN
    CREATE TYPE ui_version AS ENUM ('V0', 'V1');
  END IF;
END
$$;
-- +goose StatementEnd

## harmful: a table that is cut off at a version, with its default and a check [Hatchet]
UPDATE users SET mood = 'ok' WHERE mood = 'sad';
ALTER TABLE users ADD CONSTRAINT not_sad CHECK (mood <> 'sad');

## harmful: an enum is replaced by another [Sourcegraph]
DROP VIEW totals;
CREATE TYPE mood_temp AS ENUM ('sad', 'ok', 'failed');
ALTER TABLE users ALTER COLUMN mood DROP DEFAULT, ALTER COLUMN mood TYPE mood_temp USING mood::text::mood_temp, ALTER COLUMN mood SET DEFAULT 'ok';
DROP TYPE mood;
ALTER TYPE mood_temp RENAME TO mood;
CREATE VIEW totals AS SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id;

## harmful: an enum becomes text [Sourcegraph]
ALTER TABLE users ALTER COLUMN mood DROP DEFAULT, ALTER COLUMN mood TYPE text USING mood::text, ALTER COLUMN mood SET DEFAULT 'ok';

## harmful: three columns become NOT NULL [Sourcegraph]
ALTER TABLE orders ALTER COLUMN note SET NOT NULL;
ALTER TABLE orders ALTER COLUMN priority SET NOT NULL;

## safe: a view with a join [Sourcegraph]
CREATE VIEW orders_of_users AS (
	SELECT o.id AS order_id, coalesce(u.id, 0) AS user_id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) AS items
	FROM orders o LEFT JOIN users u ON u.id = o.user_id
	WHERE o.note IS NOT NULL
);

## safe: a column of a view, after the old ones [Sourcegraph]
CREATE OR REPLACE VIEW totals AS SELECT user_id, sum(total) AS total, count(*) AS orders FROM orders GROUP BY user_id;

## harmful: ids of jobs become bigint [Sourcegraph]
ALTER TABLE orders ALTER COLUMN number SET DATA TYPE bigint;
ALTER SEQUENCE orders_id_seq AS bigint;

## harmful: duplicates are removed under a lock, and a unique constraint added [Sourcegraph]
LOCK TABLE items;
WITH dups AS (SELECT order_id, min(ctid) FROM items GROUP BY order_id HAVING count(*) > 1)
DELETE FROM items USING dups WHERE items.order_id = dups.order_id AND items.ctid <> dups.min;
ALTER TABLE items ADD CONSTRAINT items_one UNIQUE (order_id);

## safe: a row of a table of known jobs [Sourcegraph]
INSERT INTO settings (key, value) VALUES ('migration-8', 'Backfill committed_at') ON CONFLICT DO NOTHING;

## harmful: a column and an index in a transaction [Sourcegraph]
ALTER TABLE orders ADD COLUMN committed_at timestamptz;
CREATE INDEX orders_committed_at ON orders (committed_at) WHERE state = 'completed';

## harmful: the soft-delete trigger, dropped and made again, with CASCADE [Sourcegraph]
DROP FUNCTION IF EXISTS touch() CASCADE;
-- +goose StatementBegin
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
-- +goose StatementEnd
CREATE TRIGGER orders_touch AFTER DELETE ON orders FOR EACH STATEMENT EXECUTE PROCEDURE touch();

## safe: longer tags [Windmill]
ALTER TABLE orders ALTER COLUMN state TYPE varchar(255);
ALTER TABLE items ALTER COLUMN sku TYPE varchar(255);

## safe: privileges on sequences [Windmill]
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO app;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO reporting;

## safe: a trigger that notifies [Windmill]
-- +goose StatementBegin
CREATE FUNCTION notify_setting_delete() RETURNS trigger AS $$
BEGIN
    PERFORM pg_notify('notify_setting_change', OLD.key::text);
    RETURN OLD;
END;
$$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER notify_setting_delete AFTER DELETE ON settings FOR EACH ROW EXECUTE FUNCTION notify_setting_delete();

## harmful: jsonb becomes json [Windmill]
ALTER TABLE archive.orders ALTER COLUMN body TYPE json;

## safe: a table with row security, policies and privileges [Windmill]
CREATE TABLE capture (
	workspace_id varchar(50) NOT NULL,
	path varchar(255) NOT NULL,
	payload jsonb NOT NULL DEFAULT 'null'::jsonb CHECK (length(payload::text) < 10 * 1024),
	PRIMARY KEY (workspace_id, path)
);
GRANT ALL ON capture TO app;
ALTER TABLE capture ENABLE ROW LEVEL SECURITY;
CREATE POLICY see_own ON capture FOR ALL USING (split_part(capture.path, '/', 1) = 'u' AND split_part(capture.path, '/', 2) = current_setting('session.user'));

## harmful: a policy in another form [Windmill]
DROP POLICY notes_all ON notes;
CREATE POLICY notes_all ON notes FOR ALL TO reporting USING (true);

## safe: another policy, for an admin [Windmill]
CREATE POLICY admin_policy ON notes TO reporting USING (true);

## safe: a value for a language [Windmill]
ALTER TYPE mood ADD VALUE 'bash';

## safe: a role, its membership and default privileges [Windmill]
CREATE ROLE windmill_admin;
GRANT reporting TO windmill_admin;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO windmill_admin;

## safe notx: one index for a search [Zulip]
DROP INDEX CONCURRENTLY IF EXISTS fts_update_log_message_id;
CREATE INDEX CONCURRENTLY fts_update_log_message_id ON items (sku);

## harmful: a dump's first statements, and a column [Mattermost]
SET statement_timeout = 0;
SET lock_timeout = 0;
ALTER TABLE users ADD COLUMN roles varchar(64);

## harmful unseen: a dump's search path [Mattermost]
SELECT pg_catalog.set_config('search_path', '', false);
CREATE TABLE public.audits (id character varying(26) NOT NULL);

## harmful: the owner of a table [Mattermost]
ALTER TABLE settings OWNER TO reporting;

## harmful: updatable views instead of a rename, with the rename [django-pg-zero-downtime-migrations]
ALTER TABLE settings RENAME TO options;
CREATE VIEW settings AS SELECT key FROM options;

## harmful: a tablespace [django-pg-zero-downtime-migrations]
ALTER TABLE orders SET TABLESPACE pg_default, SET UNLOGGED;

## safe: a sequence [django-pg-zero-downtime-migrations]
CREATE SEQUENCE invoice_number;

## harmful: a column with PRIMARY KEY [django-pg-zero-downtime-migrations]
ALTER TABLE old_events ADD COLUMN pk bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;

## safe: a CHECK constraint is dropped [django-pg-zero-downtime-migrations]
ALTER TABLE orders DROP CONSTRAINT priority_in_range;

## harmful: a unique constraint is dropped [django-pg-zero-downtime-migrations]
ALTER TABLE users DROP CONSTRAINT IF EXISTS users_email_key;

## safe: NOT NULL of a new column with a default that stays [django-pg-zero-downtime-migrations]
ALTER TABLE orders ADD COLUMN new_col integer DEFAULT 0 NOT NULL;
