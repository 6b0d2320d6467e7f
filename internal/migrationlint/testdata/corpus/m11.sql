-- What an audit passed through the linter when it still allowed every kind of statement that it did not know.

## harmful: IF NOT EXISTS finds the old table [audit M11]
CREATE TABLE IF NOT EXISTS orders (id bigint);
ALTER TABLE orders DROP COLUMN note;

## harmful: the same, and then the whole table [audit M11]
CREATE TABLE IF NOT EXISTS orders (id bigint);
DROP TABLE orders CASCADE;

## harmful: a temporary table of the same name does not stand for the real one [audit M11]
CREATE TEMP TABLE orders (id bigint, note text);
ALTER TABLE public.orders DROP COLUMN note;

## harmful: the second DROP is the real table [audit M11]
CREATE TEMP TABLE orders (id bigint);
DROP TABLE orders;
DROP TABLE orders CASCADE;

## harmful unseen: only the search path tells which table is dropped [audit M11]
CREATE TEMP TABLE orders (id bigint);
DROP TABLE orders;

## harmful: another search path is another table [audit M11]
CREATE SCHEMA tmp;
SET LOCAL search_path = tmp;
CREATE TABLE orders (id bigint);
SET LOCAL search_path = public;
ALTER TABLE orders DROP COLUMN note;

## harmful: inserts of the running version leave the new column NULL [audit M11]
ALTER TABLE orders ADD COLUMN channel text;
ALTER TABLE orders ADD CONSTRAINT channel_set CHECK (channel IS NOT NULL) NOT VALID;

## harmful: ON CONFLICT needs the unique constraint [audit M11]
ALTER TABLE users DROP CONSTRAINT users_email_key;

## harmful: ON CONFLICT needs the primary key [audit M11]
ALTER TABLE settings DROP CONSTRAINT settings_pkey;

## harmful notx: ON CONFLICT needs the unique index [audit M11]
DROP INDEX CONCURRENTLY IF EXISTS orders_number;

## harmful: inserts without an id fail [audit M11]
ALTER TABLE users ALTER COLUMN id DROP IDENTITY;

## harmful: inserts with an id fail [audit M11]
ALTER TABLE users ALTER COLUMN id SET GENERATED ALWAYS;

## harmful: inserts are lost without an error [audit M11]
CREATE RULE no_items AS ON INSERT TO items DO INSTEAD NOTHING;

## harmful: triggers and foreign keys stop working [audit M11]
ALTER TABLE orders DISABLE TRIGGER ALL;

## harmful: changed_at is no longer kept [audit M11]
DROP TRIGGER orders_touch ON orders;

## harmful: without the policy no row is visible [audit M11]
DROP POLICY notes_all ON notes;

## harmful unseen: the running version logs in with it [audit M11]
DROP ROLE reporting;

## harmful: casts of the running version fail [audit M11]
DROP CAST (address AS text);

## harmful: statements with the operator fail [audit M11]
DROP OPERATOR === (text, text);

## harmful: statements with the collation fail [audit M11]
DROP COLLATION plain CASCADE;

## harmful: the running version is no longer allowed to use the table [audit M11]
ALTER TABLE archive.orders OWNER TO reporting;

## harmful unseen: nobody can log in [audit M11]
ALTER ROLE app NOLOGIN;

## harmful unseen: the next table will be out of reach [audit M11]
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE INSERT ON TABLES FROM app;

## harmful: numbers come a second time [audit M11]
ALTER SEQUENCE orders_id_seq RESTART;

## harmful: changes every row [audit M11]
UPDATE orders SET note = 'x' WHERE true;

## harmful: deletes every row [audit M11]
DELETE FROM items WHERE 1 = 1;

## harmful: a SELECT that deletes [audit M11]
WITH d AS (DELETE FROM items RETURNING id) SELECT count(*) FROM d;

## harmful: MERGE changes every row [audit M11]
MERGE INTO orders o USING users u ON o.user_id = u.id WHEN MATCHED THEN UPDATE SET note = u.name;

## harmful: EXPLAIN ANALYZE executes [audit M11]
EXPLAIN ANALYZE DELETE FROM items;

## harmful: executes something from elsewhere [audit M11]
PREPARE clean AS DELETE FROM items;
EXECUTE clean;

## harmful: nobody sees what the function does [audit M11]
-- +goose StatementBegin
CREATE FUNCTION clean() RETURNS void LANGUAGE sql AS $$ DELETE FROM items $$;
-- +goose StatementEnd
SELECT clean();

## harmful: the same with a procedure [audit M11]
-- +goose StatementBegin
CREATE PROCEDURE clean() LANGUAGE sql AS $$ DELETE FROM items $$;
-- +goose StatementEnd
CALL clean();

## harmful unseen: a function that executes a text [audit M11]
SELECT query_to_xml('drop table items', true, true, '');

## harmful bare: an AccessExclusiveLock on the parent [audit M11]
-- +goose Up
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

## harmful unseen: the same with a limit: a default partition would be scanned meanwhile [audit M11]
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

## harmful unseen: its rows are seen in the parent [audit M11]
CREATE TABLE old_items (old text) INHERITS (items);

## harmful: scans the attached table under its lock [audit M11]
ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

## harmful: scans every table with a column of the domain, and holds its lock [audit M11]
ALTER DOMAIN amount ADD CONSTRAINT small CHECK (value < 100);

## harmful: the same, and inserts of the running version fail [audit M11]
ALTER DOMAIN amount SET NOT NULL;

## harmful bare: an hour is no limit [audit M11]
-- +goose Up
SET LOCAL lock_timeout = '1h';
ALTER TABLE orders ADD COLUMN channel text;

## harmful bare: no limit any more [audit M11]
-- +goose Up
SET lock_timeout = '2s';
RESET ALL;
ALTER TABLE orders ADD COLUMN channel text;

## harmful bare: no limit any more [audit M11]
-- +goose Up
SET LOCAL lock_timeout = '2s';
SELECT set_config('lock_timeout', '0', true);
ALTER TABLE orders ADD COLUMN channel text;

## harmful: one reason does not stand for two statements [audit M11]
-- dozen:allow drop-column: nothing has read it since release 41
ALTER TABLE orders DROP COLUMN note; ALTER TABLE orders DROP COLUMN state CASCADE;

## harmful: one reason does not stand for two clauses [audit M11]
-- dozen:allow drop-column: nothing has read it since release 41
ALTER TABLE orders DROP COLUMN note, DROP COLUMN state CASCADE;

## harmful: a reason inside a string is none [audit M11]
SELECT '
-- dozen:allow drop-column: nothing has read it since release 41
';
ALTER TABLE orders DROP COLUMN note;

## harmful unseen: runs a program on the server [audit M11]
COPY settings FROM PROGRAM 'echo a,b' (FORMAT csv);

## harmful unseen: everything is gone [audit M11]
DROP DATABASE app;

## harmful unseen: changes the whole server [audit M11]
ALTER SYSTEM SET max_connections = 10;

## harmful unseen: gives everything to somebody else [audit M11]
REASSIGN OWNED BY app TO reporting;

## safe: the type is of this file [audit M11]
CREATE TYPE tmp_mood AS ENUM ('sad');
DROP TYPE tmp_mood;

## safe: the view is of this file [audit M11]
CREATE VIEW tmp_totals AS SELECT 1 AS one;
DROP VIEW tmp_totals;

## safe: SELECT INTO makes a table of this file [audit M11]
SELECT 1 AS id INTO ids;
CREATE INDEX ids_id ON ids (id);

## safe: coalesce is computed once [audit M11]
ALTER TABLE orders ADD COLUMN a integer NOT NULL DEFAULT coalesce(NULL, 0);

## safe: length is computed once [audit M11]
ALTER TABLE orders ADD COLUMN a integer DEFAULT length('abc');

## safe: a foreign key on a new column without values is not checked [audit M11]
ALTER TABLE items ADD COLUMN owner bigint REFERENCES users (id);

## safe: a longer varchar rewrites nothing [audit M11]
ALTER TABLE orders ALTER COLUMN state TYPE varchar(40);

## safe: text rewrites nothing [audit M11]
ALTER TABLE items ALTER COLUMN sku TYPE text;

## safe: comments and strings are not statements [audit M11]
-- DROP TABLE orders;
/* ALTER TABLE orders DROP COLUMN note; */
INSERT INTO settings VALUES ('hint', 'DROP TABLE orders; -- no');

## safe: nor are dollar quotes [audit M11]
-- +goose StatementBegin
CREATE FUNCTION hint() RETURNS text LANGUAGE sql AS $body$ SELECT 'DROP TABLE orders; DELETE FROM items'; $body$;
-- +goose StatementEnd

## safe: quoted names [audit M11]
ALTER TABLE "orders" ADD COLUMN "drop column ""x""" text;

## safe: a table of another schema [audit M11]
CREATE TABLE archive.users (id bigint PRIMARY KEY);
ALTER TABLE archive.users DROP COLUMN id;

## safe: a temporary table [audit M11]
CREATE TEMP TABLE ids (id bigint) ON COMMIT DROP;
CREATE INDEX ON ids (id);
INSERT INTO ids VALUES (1);
UPDATE ids SET id = 2;

## safe: CREATE TABLE AS [audit M11]
CREATE TABLE big_orders AS SELECT id, total FROM orders WHERE total > 10;
CREATE INDEX big_orders_id ON big_orders (id);

## safe: row security on a new table [audit M11]
CREATE TABLE secrets (id bigint PRIMARY KEY, owner text);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY secrets_own ON secrets USING (owner = current_user);

## safe bare: annotations in any case [audit M11]
-- +GOOSE up
set local lock_timeout = '2s';
alter table orders add column channel text;
-- +goose DOWN
drop table orders;

## safe bare: lock_timeout may be reset when no lock is taken any more [audit M11]
-- +goose Up
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN channel text;
RESET lock_timeout;

## safe: another value of an enum [audit M11]
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm';
