package migrationlint

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Each row shows a rule: what breaks it, and the safe form that its message names. The migrations come after the
// corpus's schema, in a transaction with a lock_timeout, unless they have a frame of their own.
var forms = []struct{ rule, unsafe, safe string }{
	{"add-check", "ALTER TABLE orders ADD COLUMN n int CHECK (n > 0);", "CREATE TABLE o2 (n int CHECK (n > 0));"},
	{"add-check", "ALTER TABLE orders ADD CHECK (total > 0);", "ALTER TABLE orders ADD CHECK (total > 0) NOT VALID;"},
	{"add-exclusion", "ALTER TABLE items ADD EXCLUDE USING gist (id WITH =);", "CREATE TABLE b2 (room int, EXCLUDE USING gist (room WITH =));"},
	{"add-foreign-key", "ALTER TABLE orders ADD COLUMN n bigint DEFAULT 1 REFERENCES users;", "ALTER TABLE orders ADD COLUMN n bigint DEFAULT NULL REFERENCES users;"},
	{"add-foreign-key", "ALTER TABLE orders ADD CONSTRAINT b FOREIGN KEY (id) REFERENCES users;", "ALTER TABLE orders ADD CONSTRAINT b FOREIGN KEY (id) REFERENCES users NOT VALID;"},
	{"add-unique", "ALTER TABLE orders ADD CONSTRAINT one UNIQUE (number);", "ALTER TABLE orders ADD CONSTRAINT one UNIQUE USING INDEX orders_number;"},
	{"alter-domain", "ALTER DOMAIN amount VALIDATE CONSTRAINT c;", "ALTER DOMAIN amount DROP NOT NULL;"},
	{"change-column-type", "ALTER TABLE orders ALTER COLUMN unknown TYPE text;", "ALTER TABLE orders ALTER COLUMN state TYPE text;"},
	{"change-column-type", "ALTER TABLE orders ALTER COLUMN state TYPE varchar(99) COLLATE plain;", "ALTER TABLE orders ALTER COLUMN state TYPE varchar(99);"},
	{"check-new-column", "ALTER TABLE orders ADD COLUMN n int; ALTER TABLE orders ADD CHECK (coalesce(n, 0) > 0) NOT VALID;", "ALTER TABLE orders ADD COLUMN n int; ALTER TABLE orders ADD CHECK (n > 0) NOT VALID;"},
	{"concurrently-in-tx", "REINDEX TABLE CONCURRENTLY orders;", noTx + "REINDEX TABLE CONCURRENTLY orders;"},
	{"concurrently-in-tx", "VACUUM orders;", "ANALYZE orders;"},
	{"create-index", "CREATE INDEX ON ONLY orders (total);", "CREATE INDEX ON ONLY events (at);"},
	{"create-index", "CREATE TABLE IF NOT EXISTS t (id int); CREATE INDEX ON t (id);", "CREATE TABLE t (id int); CREATE INDEX ON t (id);"},
	{"domain-column", "ALTER TABLE orders ADD COLUMN n amount;", "ALTER TABLE orders ADD COLUMN n integer;"},
	{"drop-column", "ALTER TABLE orders DROP COLUMN total;", "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 0;"},
	{"drop-constraint", "ALTER TABLE items DROP CONSTRAINT items_order;", "ALTER TABLE items DROP CONSTRAINT items_parent;"},
	{"drop-constraint", "ALTER TABLE items DROP CONSTRAINT unknown;", "ALTER TABLE orders DROP CONSTRAINT orders_total_check;"},
	{"drop-default", "ALTER TABLE orders ALTER COLUMN total DROP DEFAULT;", "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 1;"},
	{"drop-default", "ALTER TABLE orders ALTER COLUMN total SET DEFAULT NULL::numeric;", "ALTER TABLE orders ALTER COLUMN total SET DEFAULT coalesce(NULL, 1);"},
	{"drop-index", "DROP INDEX orders_total;", noTx + "DROP INDEX CONCURRENTLY IF EXISTS orders_total;"},
	{"drop-object", "DROP VIEW totals;", "CREATE OR REPLACE VIEW totals AS SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id;"},
	{"drop-object", "DROP TRIGGER orders_touch ON orders;", "CREATE OR REPLACE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();"},
	{"drop-table", "DROP TABLE IF EXISTS app.orders CASCADE;", "COMMENT ON TABLE app.orders IS 'unused since 41';"},
	{"drop-unique-index", noTx + "DROP INDEX CONCURRENTLY IF EXISTS unknown;", noTx + "DROP INDEX CONCURRENTLY IF EXISTS orders_user_id;"},
	{"index-no-rerun", noTx + "CREATE INDEX CONCURRENTLY i ON orders (total);", noTx + "DROP INDEX CONCURRENTLY IF EXISTS public.i;\nCREATE INDEX CONCURRENTLY i ON orders (total);"},
	{"index-no-rerun", noTx + "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (total);", noTx + "DROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON orders (lower(note));"},
	{"json-column", "ALTER TABLE orders ADD COLUMN n json;", "ALTER TABLE orders ADD COLUMN n jsonb;"},
	{"lock-held", "ALTER TABLE orders ADD COLUMN a int; CREATE TABLE o2 AS SELECT * FROM orders;", "CREATE TABLE o2 AS SELECT * FROM orders; ALTER TABLE orders ADD COLUMN a int;"},
	{"lock-table", "LOCK TABLE orders;", "SELECT 1;"},
	{"lock-table", "SELECT id FROM orders FOR UPDATE;", "SELECT id FROM orders;"},
	{"nested-write", "WITH d AS (DELETE FROM items RETURNING id) INSERT INTO notes SELECT id::text FROM d;", "INSERT INTO notes SELECT id, 'old' FROM items;"},
	{"no-goose-up", "-- a file without annotation\n--", "SELECT 1;"},
	{"no-lock-timeout", "-- +goose Up\nSET LOCAL lock_timeout = 0;\nALTER TABLE orders ADD COLUMN a int;", "-- +goose Up\nSET LOCAL lock_timeout = 2000;\nALTER TABLE orders ADD COLUMN a int;"},
	{"no-lock-timeout", "-- +goose Up\nSET LOCAL lock_timeout = '11s';\nALTER TABLE orders ADD COLUMN a int;", "-- +goose Up\nSET lock_timeout TO '500ms';\nALTER TABLE orders ADD COLUMN a int;"},
	{"no-lock-timeout", "-- +goose NO TRANSACTION\n-- +goose Up\nSET LOCAL lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN IF NOT EXISTS a int;", noTx + "ALTER TABLE orders ADD COLUMN IF NOT EXISTS a int;"},
	{"no-lock-timeout", "-- +goose Up\nCREATE TABLE o2 (id bigint REFERENCES orders);", "-- +goose Up\nCREATE TABLE o1 (id bigint PRIMARY KEY); CREATE TABLE o2 (id bigint REFERENCES o1);"},
	{"no-lock-timeout", "-- +goose Up\nCREATE TABLE o2 (id bigint); ALTER TABLE o2 ADD FOREIGN KEY (id) REFERENCES orders;", "CREATE TABLE o2 (id bigint); ALTER TABLE o2 ADD FOREIGN KEY (id) REFERENCES orders;"},
	{"no-lock-timeout", "-- +goose Up\nCREATE TRIGGER t BEFORE INSERT ON orders EXECUTE FUNCTION f();", "CREATE TRIGGER t BEFORE INSERT ON orders EXECUTE FUNCTION f();"},
	{"no-lock-timeout", "-- +goose Up\nCREATE POLICY p ON notes USING (true);", "CREATE POLICY p ON notes USING (true);"},
	{"not-listed", "CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT;", "CREATE TYPE feeling AS ENUM ('sad');"},
	{"not-listed", "ALTER TABLE orders DISABLE TRIGGER orders_touch;", "ALTER TABLE orders SET (fillfactor = 90);"},
	{"not-listed", "ALTER TABLE orders REPLICA IDENTITY NOTHING;", "ALTER TABLE orders REPLICA IDENTITY FULL;"},
	{"not-null-no-default", "ALTER TABLE orders ADD COLUMN n text NOT NULL DEFAULT NULL;", "ALTER TABLE orders ADD COLUMN n text NOT NULL DEFAULT 'new';"},
	{"not-rerunnable", noTx + "CREATE TABLE o2 (id int);", noTx + "CREATE TABLE IF NOT EXISTS o2 (id int);"},
	{"not-rerunnable", noTx + "CREATE VIEW v AS SELECT 1 AS one;", noTx + "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;"},
	{"not-rerunnable", noTx + "INSERT INTO settings VALUES ('a', 'b');", noTx + "INSERT INTO settings VALUES ('a', 'b') ON CONFLICT DO NOTHING;"},
	{"not-rerunnable", noTx + "ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID;", noTx + "ALTER TABLE orders DROP CONSTRAINT IF EXISTS c, ADD CONSTRAINT c CHECK (total > 0) NOT VALID;"},
	{"opaque", "DO $$ BEGIN PERFORM 1; END $$;", "SELECT 1;"},
	{"opaque", "SELECT pg_sleep(60);", "SELECT lower('A'), now();"},
	{"opaque", "INSERT INTO settings VALUES ('a', pg_read_file('x'));", "INSERT INTO settings VALUES ('a', gen_random_uuid());"},
	{"partition", "CREATE TABLE e PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');", "CREATE TABLE e (LIKE events INCLUDING ALL); ALTER TABLE events ATTACH PARTITION e FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');"},
	{"refresh-view", "REFRESH MATERIALIZED VIEW sums;", "REFRESH MATERIALIZED VIEW CONCURRENTLY sums;"},
	{"reindex", "REINDEX TABLE orders;", noTx + "REINDEX TABLE CONCURRENTLY orders;"},
	{"rename-column", "ALTER TABLE orders RENAME COLUMN total TO amount;", "ALTER TABLE orders ADD COLUMN amount numeric;"},
	{"rename-object", "ALTER FUNCTION touch() RENAME TO touched;", "ALTER INDEX orders_total RENAME TO orders_by_total;"},
	{"rename-object", "ALTER INDEX users_email_key RENAME TO users_email;", "ALTER TRIGGER orders_touch ON orders RENAME TO touch;"},
	{"rename-table", "ALTER TABLE orders SET SCHEMA archive;", "CREATE VIEW archive.orders2 AS SELECT * FROM orders;"},
	{"revoke", "REVOKE INSERT ON orders FROM app;", "GRANT INSERT ON orders TO app;"},
	{"revoke", "REVOKE ALL ON FUNCTION touch() FROM PUBLIC;", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC;"},
	{"row-security", "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;", "CREATE POLICY p ON orders USING (true);"},
	{"row-security", "CREATE POLICY p ON notes AS RESTRICTIVE USING (false);", "CREATE POLICY p ON notes USING (false);"},
	{"session", "SET LOCAL session_replication_role = replica;", "SET LOCAL statement_timeout = '1min';"},
	{"set-not-null", "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;", "ALTER TABLE orders ADD CONSTRAINT note_set CHECK (note IS NOT NULL) NOT VALID;"},
	{"syntax", "ALTER TABL orders;", "SELECT 1;"},
	{"syntax", "SELECT 1; \x00 DROP TABLE orders;", "SELECT 1;"},
	{"table-rewrite", "ALTER TABLE orders ADD COLUMN n bigserial;", "ALTER TABLE orders ADD COLUMN n bigint;"},
	{"table-rewrite", noTx + "VACUUM FULL orders;", noTx + "VACUUM (ANALYZE) orders;"},
	{"transaction-control", "COMMIT;", "SELECT 1;"},
	{"truncate", "TRUNCATE orders;", "CREATE TABLE scratch (id int); TRUNCATE scratch;"},
	{"unbounded-write", "UPDATE orders SET note = 'x' WHERE user_id = 1;", "UPDATE orders SET note = 'x' WHERE number IN (1, 2) AND user_id = 1;"},
	{"unbounded-write", "UPDATE orders SET note = 'x' WHERE id BETWEEN 1 AND 1000000;", "UPDATE orders SET note = 'x' WHERE id BETWEEN 1 AND 10000;"},
	{"unbounded-write", "DELETE FROM items WHERE id > ANY (SELECT id FROM items LIMIT 1);", "DELETE FROM items WHERE id IN (SELECT id FROM items WHERE sku = 'x' LIMIT 1000);"},
	{"unbounded-write", "DELETE FROM orders;", "CREATE TABLE scratch (id int); DELETE FROM scratch;"},
	{"unique-new-column", noTx + "ALTER TABLE orders ADD COLUMN IF NOT EXISTS n int DEFAULT 0;\nDROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE UNIQUE INDEX CONCURRENTLY i ON orders (n);", noTx + "ALTER TABLE orders ADD COLUMN IF NOT EXISTS n int;\nDROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE UNIQUE INDEX CONCURRENTLY i ON orders (n);"},
	{"volatile-default", "ALTER TABLE orders ADD COLUMN n int DEFAULT 1 + floor(random() * 6)::int;", "ALTER TABLE orders ADD COLUMN n int DEFAULT 1 + floor(0.5 * 6)::int;"},
	{"volatile-default", "ALTER TABLE orders ADD COLUMN n text DEFAULT same('a', 'b');", "ALTER TABLE orders ADD COLUMN n text DEFAULT lower('A');"},
}

func lintForm(t *testing.T, form string) []Problem {
	if !strings.HasPrefix(form, "-- ") {
		form = inTx + form
	}
	return example{files: []migrationFile{{content: form}}}.lint(t)
}

// Prevents: a message that names a safe form which is refused too.
func TestUnsafeFormsAreCaughtAndSafeFormsAreNot(t *testing.T) {
	caught := map[string]bool{"bad-override": true} // TestOverrides has its forms
	for _, form := range forms {
		problems := lintForm(t, form.unsafe)
		if len(problems) != 1 || problems[0].Rule != form.rule {
			t.Errorf("%s\n\twant one %s, got %v", form.unsafe, form.rule, problems)
		}
		caught[form.rule] = true
		for _, problem := range lintForm(t, form.safe) {
			t.Errorf("the safe form %s\n\thas a problem: %s", form.safe, problem)
		}
	}
	if want, got := slices.Sorted(maps.Keys(rules)), slices.Sorted(maps.Keys(caught)); !slices.Equal(want, got) {
		t.Errorf("the rules are %v; the forms show %v", want, got)
	}
}
