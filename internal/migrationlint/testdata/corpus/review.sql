-- What we have tried ourselves, to get past the rules or to be refused without need.

## harmful: an insert that updates every row [review]
INSERT INTO orders (number, user_id) SELECT number, user_id FROM orders ON CONFLICT (number) DO UPDATE SET note = 'x';

## safe: an insert that updates one row [review]
INSERT INTO settings VALUES ('limit', '10') ON CONFLICT (key) DO UPDATE SET value = excluded.value;

## harmful: ON CONFLICT does not support a deferrable constraint [review]
ALTER TABLE orders ADD CONSTRAINT orders_number UNIQUE USING INDEX orders_number DEFERRABLE;

## safe: a constraint from the index that ON CONFLICT uses [review]
ALTER TABLE orders ADD CONSTRAINT orders_number UNIQUE USING INDEX orders_number;

## harmful: the function of this file is another one [review]
CREATE FUNCTION next_number(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
DROP FUNCTION next_number();

## safe: the function of this file [review]
CREATE FUNCTION next_number(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
DROP FUNCTION next_number(integer);

## harmful: after the DROP, the name is that of the real table [review]
CREATE TEMP TABLE items (id bigint);
DROP TABLE pg_temp.items;
DELETE FROM items;

## harmful: the key is that of the other table [review]
UPDATE orders o SET note = 'x' FROM users u WHERE u.id = 5;

## safe: the key is that of the table, in an update with a join [review]
UPDATE orders o SET note = u.email FROM users u WHERE u.id = o.user_id AND o.id = 5;

## harmful: a new view of an old table [review]
CREATE VIEW all_items AS SELECT * FROM items;
DELETE FROM all_items;

## harmful: a temporary view of an old table [review]
CREATE TEMP VIEW items AS SELECT * FROM public.items;
DELETE FROM items;

## harmful: a longer varchar checks the constraint again, for every row [review]
ALTER TABLE items ADD CONSTRAINT sku_check CHECK (sku <> '') NOT VALID;
---- next file
ALTER TABLE items VALIDATE CONSTRAINT sku_check;
---- next file
ALTER TABLE items ALTER COLUMN sku TYPE varchar(2000);

## harmful notx: a longer varchar builds a partial index again [review]
DROP INDEX CONCURRENTLY IF EXISTS items_sku;
CREATE INDEX CONCURRENTLY items_sku ON items (id) WHERE sku <> '';
---- next file
ALTER TABLE items ALTER COLUMN sku TYPE varchar(2000);

## safe notx: a plain index stays [review]
DROP INDEX CONCURRENTLY IF EXISTS items_sku;
CREATE INDEX CONCURRENTLY items_sku ON items (sku);
---- next file
ALTER TABLE items ALTER COLUMN sku TYPE varchar(2000);

## harmful: less than a millisecond is no limit [review]
SET LOCAL lock_timeout = '0.4ms';
ALTER TABLE orders ADD COLUMN channel text;

## harmful: the primary key's column may be NULL [review]
CREATE TABLE probe (id bigint);
---- next file notx
DROP INDEX CONCURRENTLY IF EXISTS items_parent;
CREATE UNIQUE INDEX CONCURRENTLY items_parent ON archive.prices (price, id);
---- next file
ALTER TABLE archive.prices DROP CONSTRAINT prices_pkey, ADD PRIMARY KEY USING INDEX items_parent;

## harmful: all rows have the same value, and the second insert fails [review]
ALTER TABLE users ADD COLUMN IF NOT EXISTS rank integer DEFAULT 0;
---- next file notx
DROP INDEX CONCURRENTLY IF EXISTS users_rank;
CREATE UNIQUE INDEX CONCURRENTLY users_rank ON users (rank);

## safe: rows of a table of this file are copied while an old table is locked [review]
CREATE TABLE sizes (id bigint PRIMARY KEY, name text);
INSERT INTO sizes VALUES (1, 's'), (2, 'm');
CREATE TABLE labels (user_id bigint REFERENCES users, name text);
INSERT INTO labels (name) SELECT name FROM sizes;

## safe: an empty partition, made and attached [review]
CREATE TABLE events_2027 (LIKE events INCLUDING ALL);
ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

## safe: a trigger in another form, in one statement [review]
CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE OF state ON orders FOR EACH ROW EXECUTE FUNCTION touch();

## safe: a sequence with room for more [review]
ALTER SEQUENCE numbers AS bigint NO MAXVALUE CACHE 20;

## harmful: row security is switched off [review]
ALTER TABLE notes DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;

## harmful: a restrictive policy [review]
CREATE POLICY none ON notes AS RESTRICTIVE USING (false);

## harmful: a partition goes, without a lock [review]
ALTER TABLE events DETACH PARTITION events_2025;
