-- Adapted to our schema and to the frame of our migrations from what these projects publish: their rules' examples, and
-- their own migrations.

## harmful: removing a column [strong_migrations]
ALTER TABLE orders DROP COLUMN note;

## harmful: the same with IF EXISTS and other clauses [strong_migrations]
ALTER TABLE orders ADD COLUMN a integer, DROP COLUMN IF EXISTS note;

## harmful: changing the type of a column rewrites the table [strong_migrations]
ALTER TABLE items ALTER COLUMN order_id TYPE integer;

## harmful: integer to bigint too [strong_migrations]
ALTER TABLE orders ALTER COLUMN number TYPE bigint;

## harmful: a shorter varchar checks every row [strong_migrations]
ALTER TABLE orders ALTER COLUMN state TYPE varchar(10);

## harmful: another scale rewrites the table [strong_migrations]
ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,4);

## safe: more precision at the same scale [strong_migrations]
ALTER TABLE archive.prices ALTER COLUMN price TYPE numeric(14,2);

## safe: varchar without a limit [strong_migrations]
ALTER TABLE orders ALTER COLUMN state TYPE varchar;

## safe: text to varchar without a limit [strong_migrations]
ALTER TABLE orders ALTER COLUMN note TYPE varchar;

## safe: a timestamp with more digits [strong_migrations]
ALTER TABLE users ALTER COLUMN created_at TYPE timestamp(6);

## harmful: renaming a column [strong_migrations]
ALTER TABLE orders RENAME COLUMN note TO remark;

## harmful: renaming a table [strong_migrations]
ALTER TABLE orders RENAME TO purchases;

## harmful: create_table with force drops the old one [strong_migrations]
DROP TABLE IF EXISTS items CASCADE;
CREATE TABLE items (id bigint);

## harmful: an auto-incrementing column rewrites the table [strong_migrations]
ALTER TABLE settings ADD COLUMN id bigserial;
ALTER TABLE orders ADD COLUMN seq bigserial;

## harmful: so does a stored generated column [strong_migrations]
ALTER TABLE orders ADD COLUMN gross numeric GENERATED ALWAYS AS (total * 1.19) STORED;

## harmful: adding a foreign key scans and locks both tables [strong_migrations]
ALTER TABLE items ADD CONSTRAINT items_order_again FOREIGN KEY (order_id) REFERENCES orders (id);

## safe: NOT VALID first [strong_migrations]
ALTER TABLE items ADD CONSTRAINT items_order_again FOREIGN KEY (order_id) REFERENCES orders (id) NOT VALID;

## safe: and validate it in a separate migration [strong_migrations]
ALTER TABLE items ADD CONSTRAINT items_order_again FOREIGN KEY (order_id) REFERENCES orders (id) NOT VALID;
---- next file
ALTER TABLE items VALIDATE CONSTRAINT items_order_again;

## harmful: a check constraint scans the table [strong_migrations]
ALTER TABLE orders ADD CONSTRAINT price_check CHECK (total > -1);

## safe: NOT VALID first [strong_migrations]
ALTER TABLE orders ADD CONSTRAINT price_check CHECK (total > -1) NOT VALID;

## safe: and validate it in a separate migration [strong_migrations]
ALTER TABLE orders ADD CONSTRAINT price_check CHECK (total > -1) NOT VALID;
---- next file
ALTER TABLE orders VALIDATE CONSTRAINT price_check;

## harmful: a backfill in the transaction of the ALTER keeps the lock [strong_migrations]
ALTER TABLE orders ADD COLUMN channel text;
UPDATE orders SET channel = 'web';

## harmful: an update of all rows at once [strong_migrations]
UPDATE items SET parent = 1 WHERE parent IS NULL;

## safe notx: one batch [strong_migrations]
UPDATE orders SET note = 'x' WHERE id BETWEEN 1 AND 1000;

## harmful: an index that is not built concurrently [strong_migrations]
CREATE INDEX orders_state ON orders (state);

## safe notx: concurrently [strong_migrations]
DROP INDEX CONCURRENTLY IF EXISTS orders_state;
CREATE INDEX CONCURRENTLY orders_state ON orders (state);

## safe: an index of a new table [strong_migrations]
CREATE TABLE carts (id bigint PRIMARY KEY, owner bigint);
CREATE INDEX carts_owner ON carts (owner);

## harmful: a reference with its index [strong_migrations]
ALTER TABLE users ADD COLUMN city_id bigint;
CREATE INDEX users_city_id ON users (city_id);

## safe notx: a reference whose index is built concurrently [strong_migrations]
ALTER TABLE users ADD COLUMN IF NOT EXISTS city_id bigint;
DROP INDEX CONCURRENTLY IF EXISTS users_city_id;
CREATE INDEX CONCURRENTLY users_city_id ON users (city_id);

## harmful: a unique constraint builds its index under the lock [strong_migrations]
ALTER TABLE orders ADD CONSTRAINT orders_pair UNIQUE (id, number);

## safe notx: from an index that was built concurrently [strong_migrations]
DROP INDEX CONCURRENTLY IF EXISTS orders_pair;
CREATE UNIQUE INDEX CONCURRENTLY orders_pair ON orders (id, number);
---- next file
ALTER TABLE orders ADD CONSTRAINT orders_pair UNIQUE USING INDEX orders_pair;

## harmful: an exclusion constraint [strong_migrations]
ALTER TABLE orders ADD CONSTRAINT one_number EXCLUDE USING btree (number WITH =);

## harmful unseen: json has no equality operator, SELECT DISTINCT of the running version fails [strong_migrations]
ALTER TABLE users ADD COLUMN properties json;

## safe: jsonb [strong_migrations]
ALTER TABLE users ADD COLUMN properties jsonb NOT NULL DEFAULT '{}';

## harmful: a volatile default [strong_migrations]
ALTER TABLE users ADD COLUMN key uuid DEFAULT gen_random_uuid();

## safe: the default afterwards [strong_migrations]
ALTER TABLE users ADD COLUMN key uuid;
ALTER TABLE users ALTER COLUMN key SET DEFAULT gen_random_uuid();

## harmful: NOT NULL on a column that exists [strong_migrations]
ALTER TABLE orders ALTER COLUMN priority SET NOT NULL;

## safe: NOT NULL by a validated constraint [strong_migrations]
ALTER TABLE items ADD CONSTRAINT sku_null CHECK (sku IS NOT NULL) NOT VALID;
---- next file
ALTER TABLE items VALIDATE CONSTRAINT sku_null;
ALTER TABLE items ALTER COLUMN sku SET NOT NULL;
ALTER TABLE items DROP CONSTRAINT sku_null;

## harmful: renaming a value of an enum [strong_migrations]
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';

## safe: adding one [strong_migrations]
ALTER TYPE mood ADD VALUE 'calm' AFTER 'sad';

## harmful: renaming a schema [strong_migrations]
ALTER SCHEMA archive RENAME TO attic;

## safe: a default that is a constant [squawk]
ALTER TABLE orders ADD COLUMN foo integer DEFAULT 10;

## safe: arrays as defaults [squawk]
ALTER TABLE orders ADD COLUMN a double precision[] DEFAULT array[]::double precision[];
ALTER TABLE orders ADD COLUMN b text[] DEFAULT array['foo', 'bar']::text[];

## safe: now() minus an interval [squawk]
ALTER TABLE orders ADD COLUMN computed_at timestamptz NOT NULL DEFAULT now() - interval '100 years';

## safe: an expression of constants [squawk]
ALTER TABLE orders ADD COLUMN foo integer DEFAULT 2 + 2;

## safe: current_timestamp [squawk]
ALTER TABLE orders ADD COLUMN c timestamptz DEFAULT current_timestamp;

## harmful unseen: an unknown function as a default [squawk]
ALTER TABLE orders ADD COLUMN foo jsonb DEFAULT myjsonb();

## harmful: random() [squawk]
ALTER TABLE orders ADD COLUMN foo double precision DEFAULT random();

## safe: a new table with a foreign key locks the other table only shortly [squawk]
CREATE TABLE emails (
	id bigint GENERATED ALWAYS AS IDENTITY,
	user_id bigint,
	PRIMARY KEY (id),
	CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES users (id)
);

## safe: the foreign key of a new table, in a statement of its own [squawk]
CREATE TABLE emails (id uuid NOT NULL, user_id bigint NOT NULL);
ALTER TABLE emails ADD CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES users (id);

## harmful: validated in the same transaction [squawk]
ALTER TABLE items ADD COLUMN user_id bigint;
ALTER TABLE items ADD CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE items VALIDATE CONSTRAINT fk_user;

## harmful: NOT NULL for a new column, whose default is dropped again [squawk]
ALTER TABLE orders ADD COLUMN foo integer DEFAULT 10 NOT NULL;
ALTER TABLE orders ALTER COLUMN foo DROP DEFAULT;

## harmful: a constraint that is not validated does not spare the scan [squawk]
ALTER TABLE orders ADD CONSTRAINT priority_null CHECK (priority IS NOT NULL) NOT VALID;
ALTER TABLE orders ALTER COLUMN priority SET NOT NULL;

## harmful: a serial primary key [squawk]
ALTER TABLE old_events ADD COLUMN b serial PRIMARY KEY;

## harmful: a primary key builds its index under the lock [squawk]
ALTER TABLE old_events ADD PRIMARY KEY (id);

## safe notx: a primary key from an index [squawk]
DROP INDEX CONCURRENTLY IF EXISTS old_events_pk;
CREATE UNIQUE INDEX CONCURRENTLY old_events_pk ON old_events (id);
---- next file
ALTER TABLE old_events ADD CONSTRAINT old_events_pk PRIMARY KEY USING INDEX old_events_pk;

## harmful: a required column without a default [squawk]
ALTER TABLE orders ADD COLUMN public boolean NOT NULL;

## safe: with a default [squawk]
ALTER TABLE orders ADD COLUMN public boolean NOT NULL DEFAULT true;

## harmful unseen: renaming a domain [squawk]
ALTER DOMAIN amount RENAME TO quantity;

## harmful: CONCURRENTLY in a transaction [squawk]
DROP INDEX CONCURRENTLY IF EXISTS orders_state;
CREATE INDEX CONCURRENTLY orders_state ON orders (state);

## safe: a domain [squawk]
CREATE DOMAIN label AS text;

## harmful unseen: dropping a database [squawk]
DROP DATABASE IF EXISTS app;

## safe: a column may become nullable [squawk]
ALTER TABLE orders ALTER COLUMN changed_at DROP NOT NULL;

## harmful: truncate [squawk]
TRUNCATE items CASCADE;

## harmful unseen: a transaction in the transaction [squawk]
BEGIN;
CREATE TABLE carts (id bigint);
COMMIT;

## harmful: a type with USING [squawk]
ALTER TABLE orders ALTER COLUMN note TYPE integer USING length(note);

## harmful: the column of a new value is unique: scans and builds [squawk]
ALTER TABLE orders ADD COLUMN bar text UNIQUE;

## safe: constraints of a new table [squawk]
CREATE TABLE products (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, sku text NOT NULL);
ALTER TABLE products ADD CONSTRAINT products_sku UNIQUE (sku), ADD CHECK (length(sku) > 3);

## harmful: CLUSTER [squawk]
CLUSTER orders USING orders_total;

## harmful notx: VACUUM FULL [squawk]
VACUUM (FULL) orders;

## safe notx: plain VACUUM [squawk]
VACUUM (ANALYZE) orders;

## harmful unseen: drop an index not concurrently [squawk]
DROP INDEX IF EXISTS orders_total;

## safe notx: concurrently, and the index is not unique [squawk]
DROP INDEX CONCURRENTLY IF EXISTS orders_total;

## harmful: detach a partition [squawk]
ALTER TABLE events DETACH PARTITION events_2025;

## harmful: REINDEX [squawk]
REINDEX TABLE orders;

## safe notx: REINDEX CONCURRENTLY [squawk]
REINDEX INDEX CONCURRENTLY orders_total;

## harmful bare: no lock_timeout [squawk]
-- +goose Up
ALTER TABLE orders ADD COLUMN c boolean;

## safe bare: with lock_timeout and statement_timeout [squawk]
-- +goose Up
SET lock_timeout = '1s';
SET statement_timeout = '5s';
ALTER TABLE orders ADD COLUMN c boolean;

## safe: a table and its first rows [goose]
CREATE TABLE members (id int NOT NULL PRIMARY KEY, username text, name text);
INSERT INTO members VALUES
(0, 'root', ''),
(1, 'vojtech', 'Vojtech');

## safe: a type, two tables and a foreign key between them, in one statement block [goose]
-- +goose StatementBegin
CREATE TYPE owner_type AS ENUM ('user', 'organization');

CREATE TABLE owners (owner_id bigserial PRIMARY KEY, owner_type owner_type NOT NULL);

CREATE TABLE IF NOT EXISTS repos (
    repo_id bigserial NOT NULL,
    repo_owner_id bigint NOT NULL REFERENCES owners (owner_id) ON DELETE CASCADE,
    PRIMARY KEY (repo_id)
);
-- +goose StatementEnd

## safe: two columns in one statement [goose]
-- +goose StatementBegin
ALTER TABLE orders
    ADD COLUMN IF NOT EXISTS homepage_url text,
    ADD COLUMN is_private boolean NOT NULL DEFAULT false;
-- +goose StatementEnd

## safe bare: nothing to do [goose]
-- +goose Up

## harmful notx: a second run fails [goose]
CREATE TABLE post (id int NOT NULL, title text, PRIMARY KEY (id));

## harmful notx unseen: a second run builds an index without a name a second time [goose]
CREATE UNIQUE INDEX CONCURRENTLY ON users (name, id);

## safe: a function in PL/pgSQL [goose]
-- +goose statementbegin
CREATE OR REPLACE FUNCTION insert_item(p_order bigint, p_sku text) RETURNS void AS $$
DECLARE
    v_id bigint;
BEGIN
    -- a comment; with a semicolon
    INSERT INTO items (order_id, sku) VALUES (p_order, p_sku) RETURNING id INTO v_id;
    DELETE FROM items WHERE id <> v_id AND sku = p_sku;
END;
$$ LANGUAGE plpgsql;
-- +goose statementend

## safe: a queue with enum, table, indexes and an unlogged table [River]
CREATE TYPE job_state AS ENUM ('available', 'completed');
CREATE TABLE job (
	id bigserial PRIMARY KEY,
	state job_state NOT NULL DEFAULT 'available',
	args jsonb,
	kind text NOT NULL,
	finalized_at timestamptz,
	CONSTRAINT kind_length CHECK (char_length(kind) > 0 AND char_length(kind) < 128)
);
CREATE INDEX job_kind ON job USING btree (kind);
CREATE INDEX job_args ON job USING gin (args);
CREATE UNLOGGED TABLE leader (name text PRIMARY KEY, expires_at timestamptz NOT NULL);

## safe: a trigger on a new table [River]
CREATE TABLE job (id bigserial PRIMARY KEY, queue text);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION job_notify() RETURNS trigger AS $$
BEGIN
  PERFORM pg_notify('job_insert', NEW.queue);
  RETURN NULL;
END;
$$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TRIGGER notify AFTER INSERT ON job FOR EACH ROW EXECUTE PROCEDURE job_notify();

## harmful: default, backfill and NOT NULL at once [River]
ALTER TABLE orders ALTER COLUMN priority SET DEFAULT 1;
UPDATE orders SET priority = 1 WHERE priority IS NULL;
ALTER TABLE orders ALTER COLUMN priority SET NOT NULL;

## safe: the default alone [River]
ALTER TABLE items ALTER COLUMN sku SET DEFAULT '';

## harmful: the constraint again, but validated [River]
ALTER TABLE orders DROP CONSTRAINT priority_in_range;
ALTER TABLE orders ADD CONSTRAINT priority_in_range CHECK (priority BETWEEN 1 AND 9);

## safe: the constraint again, not validated [River]
ALTER TABLE orders DROP CONSTRAINT priority_in_range;
ALTER TABLE orders ADD CONSTRAINT priority_in_range CHECK (priority BETWEEN 1 AND 9) NOT VALID;

## harmful: a trigger and its function [River]
DROP TRIGGER orders_touch ON orders;
DROP FUNCTION touch;

## harmful unseen: a DO block that renames and copies [River]
-- +goose StatementBegin
DO $body$
BEGIN
    IF (SELECT to_regclass('old_events') IS NOT NULL) THEN
        ALTER TABLE old_events RENAME TO older_events;
    END IF;
END;
$body$ LANGUAGE 'plpgsql';
-- +goose StatementEnd

## harmful: a unique index, not concurrently [River]
ALTER TABLE items ADD COLUMN IF NOT EXISTS unique_key bytea;
CREATE UNIQUE INDEX IF NOT EXISTS items_unique ON items (sku, unique_key) WHERE unique_key IS NOT NULL;

## safe: the same index in its own file [River]
ALTER TABLE items ADD COLUMN IF NOT EXISTS unique_key bytea;
---- next file notx
DROP INDEX CONCURRENTLY IF EXISTS items_unique;
CREATE UNIQUE INDEX CONCURRENTLY items_unique ON items (sku, unique_key) WHERE unique_key IS NOT NULL;

## safe: a function, and a column of bits [River]
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION state_in_bitmask(bitmask bit(8), state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE state WHEN 'available' THEN get_bit(bitmask, 7) ELSE 0 END = 1;
$$;
-- +goose StatementEnd
ALTER TABLE orders ADD COLUMN IF NOT EXISTS unique_states bit(8);

## harmful: tables that are not used any more, the reviewer says [River]
DROP TABLE notes;

## safe: current_timestamp as a default [River]
ALTER TABLE orders ALTER COLUMN changed_at SET DEFAULT CURRENT_TIMESTAMP;

## harmful: an index for sorting [Lemmy]
CREATE INDEX orders_total_desc ON orders (total DESC);

## harmful: drop of a column and its table [Lemmy]
ALTER TABLE items DROP COLUMN parent;
DROP TABLE notes;

## harmful: cleaning up values [Lemmy]
UPDATE orders SET note = NULL WHERE note <> '';

## safe: a required timestamp [Lemmy]
ALTER TABLE users ADD COLUMN validator_time timestamp NOT NULL DEFAULT now();

## harmful: the name is given to another column [Lemmy]
ALTER TABLE orders RENAME COLUMN note TO sidebar;
ALTER TABLE orders ADD COLUMN note varchar(150);

## harmful: a view for each table, new [Lemmy]
DROP VIEW totals;
CREATE VIEW totals AS SELECT user_id FROM orders;

## safe: two tables that reference an old one [Lemmy]
CREATE TABLE person_block (
	id serial PRIMARY KEY,
	person_id bigint REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE NOT NULL,
	target_id bigint REFERENCES users ON UPDATE CASCADE ON DELETE CASCADE NOT NULL,
	published timestamp NOT NULL DEFAULT now(),
	UNIQUE (person_id, target_id)
);

## safe: an extension and a table with a volatile default [Lemmy]
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TABLE secret (id serial PRIMARY KEY, jwt_secret varchar NOT NULL DEFAULT gen_random_uuid());
INSERT INTO secret DEFAULT VALUES;

## harmful: rows go, and NOT NULL [Lemmy]
DELETE FROM orders WHERE note IS NULL;
ALTER TABLE orders ALTER COLUMN note SET NOT NULL;

## harmful: a unique column with a function of its own as default [Lemmy]
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION changeme() RETURNS text LANGUAGE sql AS $$ SELECT 'http://changeme/' || random()::text $$;
-- +goose StatementEnd
ALTER TABLE users ADD COLUMN actor_id varchar(255) NOT NULL UNIQUE DEFAULT changeme();

## safe: ALTER TABLE ONLY [Lemmy]
ALTER TABLE ONLY orders ALTER COLUMN priority SET DEFAULT 2;

## harmful: a foreign key on a new column with a value is checked [Lemmy]
ALTER TABLE items ADD COLUMN language_id bigint REFERENCES users NOT NULL DEFAULT 1;

## harmful: an index in another form, under the old name [Lemmy]
DROP INDEX orders_total;
CREATE INDEX orders_total ON orders (total DESC);

## safe: two columns without a default [Lemmy]
ALTER TABLE items ADD COLUMN software varchar(255);
ALTER TABLE items ADD COLUMN version varchar(255);

## harmful: truncating what is too long, and a shorter type [Lemmy]
UPDATE items SET sku = left(sku, 32) WHERE length(sku) > 32;
ALTER TABLE items ALTER COLUMN sku TYPE varchar(32);

## safe: several values of an enum [Lemmy]
ALTER TYPE mood ADD VALUE 'TopHour';
ALTER TYPE mood ADD VALUE 'TopSixHour';

## harmful: an update with a join [Lemmy]
UPDATE orders o SET note = u.email FROM users u WHERE o.user_id = u.id;

## harmful: a column that moves to another table [Lemmy]
ALTER TABLE users ADD COLUMN admin boolean DEFAULT false NOT NULL;
UPDATE users SET admin = notes.hidden FROM notes WHERE notes.id = users.id;
ALTER TABLE notes DROP COLUMN hidden;

## safe: a column of a new enum [Lemmy]
CREATE TYPE listing_mode AS ENUM ('List', 'Card');
ALTER TABLE users ADD COLUMN listing_mode listing_mode DEFAULT 'List' NOT NULL;

## safe: a default that is a fraction, for three columns [Lemmy]
ALTER TABLE orders ALTER COLUMN total SET DEFAULT 0.01, ALTER COLUMN priority SET DEFAULT 3;

## harmful: the column in another form [Lemmy]
ALTER TABLE orders DROP COLUMN note, ADD COLUMN note boolean DEFAULT false NOT NULL;

## safe: nothing [Lemmy]
SELECT 1;

## harmful: the copy runs while users is locked by the foreign key [Lemmy]
CREATE TABLE vote_mode (user_id bigint REFERENCES users ON DELETE CASCADE NOT NULL PRIMARY KEY, score boolean DEFAULT true NOT NULL);
INSERT INTO vote_mode (user_id) SELECT id FROM users;

## harmful: inserts of the running version leave it out [Lemmy]
ALTER TABLE orders ALTER COLUMN state DROP DEFAULT;

## harmful: a default that is another for each row [Lemmy]
ALTER TABLE users ADD COLUMN notified timestamptz NOT NULL DEFAULT (now() - (random() * (interval '12 months')));

## harmful: functions with everything that depends on them [Lemmy]
DROP FUNCTION touch, next_number CASCADE;

## safe: longer, and new statistics [Lemmy]
ALTER TABLE items ALTER COLUMN sku TYPE varchar(2000);
ANALYZE items (sku);

## safe: a setting of the table's storage [Lemmy]
ALTER TABLE orders SET (fillfactor = 90);

## safe: a column, if the table exists [supabase/auth]
ALTER TABLE IF EXISTS users ADD COLUMN IF NOT EXISTS deleted_at timestamptz NULL;

## safe: a column and its comment [supabase/auth]
ALTER TABLE ONLY users ADD COLUMN IF NOT EXISTS not_after timestamptz;
COMMENT ON COLUMN users.not_after IS 'A timestamp; after it the session has expired.';

## safe: a foreign key to the table itself is dropped [supabase/auth]
ALTER TABLE ONLY items DROP CONSTRAINT items_parent;

## harmful: indexes that may exist, not concurrently [supabase/auth]
CREATE INDEX IF NOT EXISTS items_sku ON items USING btree (sku);

## harmful unseen: a column in a DO block [supabase/auth]
-- +goose StatementBegin
DO $$ BEGIN
	ALTER TABLE users ADD COLUMN IF NOT EXISTS is_anonymous boolean NOT NULL DEFAULT false;
END $$;
-- +goose StatementEnd

## harmful: validated in the same transaction [supabase/auth]
ALTER TABLE IF EXISTS items ADD COLUMN IF NOT EXISTS client bigint;
ALTER TABLE items ADD CONSTRAINT items_client FOREIGN KEY (client) REFERENCES users (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE items VALIDATE CONSTRAINT items_client;

## harmful: a unique constraint, its index and its column [supabase/auth]
ALTER TABLE users DROP CONSTRAINT IF EXISTS users_email_key;
ALTER TABLE users DROP COLUMN IF EXISTS mood;

## harmful: a required column without a default [supabase/auth]
ALTER TABLE items ADD COLUMN IF NOT EXISTS method text NOT NULL;

## safe: a new column of another schema's table [supabase/auth]
ALTER TABLE archive.orders ADD COLUMN IF NOT EXISTS tag text, ADD COLUMN IF NOT EXISTS ip inet;

## safe: a generated column of a new table [supabase/auth]
CREATE TABLE confirmations (a timestamptz, b timestamptz, c timestamptz GENERATED ALWAYS AS (least(a, b)) STORED);
