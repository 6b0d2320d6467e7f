package migrationlint

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each row is a form that breaks the running version, and the safe form of the same change. A form is SQL in a
// transaction with a lock_timeout, unless it begins with noTx or with a file's own beginning.
var forms = []struct{ rule, unsafe, safe string }{
	{"drop-table", "DROP TABLE orders;", "CREATE TABLE scratch (id bigint); DROP TABLE scratch;"},
	{"drop-table", "DROP TABLE IF EXISTS app.orders CASCADE;", "COMMENT ON TABLE app.orders IS 'unused since 41';"},
	{"drop-column", "ALTER TABLE orders DROP COLUMN total;", "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 0;"},
	{"drop-column", "ALTER TABLE orders ADD COLUMN a int, DROP COLUMN IF EXISTS b;", "ALTER TABLE orders ADD COLUMN a int;"},
	{"drop-view", "DROP VIEW totals;", "CREATE OR REPLACE VIEW totals AS SELECT 1 AS one;"},
	{"drop-view", "DROP MATERIALIZED VIEW totals;", "CREATE MATERIALIZED VIEW sums AS SELECT 1 AS one;"},
	{"drop-type", "DROP TYPE mood;", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm';"},
	{"drop-function", "DROP FUNCTION total(int);", "CREATE OR REPLACE FUNCTION total(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"},
	{"drop-schema", "DROP SCHEMA old CASCADE;", "CREATE SCHEMA IF NOT EXISTS new;"},
	{"drop-sequence", "DROP SEQUENCE numbers;", "CREATE SEQUENCE numbers;"},
	{"drop-extension", "DROP EXTENSION citext;", "CREATE EXTENSION IF NOT EXISTS citext;"},
	{"drop-owned", "DROP OWNED BY app;", "GRANT SELECT ON orders TO app;"},
	{"drop-default", "ALTER TABLE orders ALTER COLUMN total DROP DEFAULT;", "ALTER TABLE orders ALTER COLUMN total SET DEFAULT 1;"},
	{"revoke", "REVOKE INSERT ON orders FROM app;", "GRANT INSERT ON orders TO app;"},
	{"rename-table", "ALTER TABLE orders RENAME TO purchases;", "CREATE VIEW purchases AS SELECT * FROM orders;"},
	{"rename-column", "ALTER TABLE orders RENAME COLUMN total TO amount;", "ALTER TABLE orders ADD COLUMN amount numeric;"},
	{"rename-type", "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';", "ALTER TYPE mood ADD VALUE 'blue';"},
	{"rename-type", "ALTER TYPE mood RENAME TO feeling;", "CREATE TYPE feeling AS ENUM ('sad');"},
	{"rename-other", "ALTER FUNCTION total(int) RENAME TO sum_of;", "ALTER INDEX orders_total RENAME TO orders_by_total;"},
	{"change-schema", "ALTER TABLE orders SET SCHEMA archive;", "CREATE VIEW archive.orders AS SELECT * FROM orders;"},
	{"change-column-type", "ALTER TABLE orders ALTER COLUMN id TYPE bigint;", "ALTER TABLE orders ADD COLUMN id_new bigint;"},
	{"not-null-no-default", "ALTER TABLE orders ADD COLUMN state text NOT NULL;", "ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new';"},
	{"not-null-no-default", "ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT NULL;", "ALTER TABLE orders ADD COLUMN state text;"},
	{"set-not-null", "ALTER TABLE orders ALTER COLUMN state SET NOT NULL;", "ALTER TABLE orders ADD CONSTRAINT state_set CHECK (state IS NOT NULL) NOT VALID;"},
	{"volatile-default", "ALTER TABLE orders ADD COLUMN key uuid DEFAULT gen_random_uuid();", "ALTER TABLE orders ADD COLUMN key uuid; ALTER TABLE orders ALTER COLUMN key SET DEFAULT gen_random_uuid();"},
	{"volatile-default", "ALTER TABLE orders ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp();", "ALTER TABLE orders ADD COLUMN at timestamptz NOT NULL DEFAULT now();"},
	{"volatile-default", "ALTER TABLE orders ADD COLUMN n int DEFAULT 1 + floor(random() * 6)::int;", "ALTER TABLE orders ADD COLUMN n int DEFAULT 1 + 6;"},
	{"table-rewrite", "ALTER TABLE orders ADD COLUMN n bigserial;", "ALTER TABLE orders ADD COLUMN n bigint;"},
	{"table-rewrite", "ALTER TABLE orders ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY;", "CREATE TABLE o2 (n bigint GENERATED ALWAYS AS IDENTITY);"},
	{"table-rewrite", "ALTER TABLE orders ADD COLUMN n int GENERATED ALWAYS AS (a + b) STORED;", "CREATE TABLE o2 (a int, n int GENERATED ALWAYS AS (a + 1) STORED);"},
	{"table-rewrite", "ALTER TABLE orders SET UNLOGGED;", "CREATE UNLOGGED TABLE scratch (id int);"},
	{"table-rewrite", "ALTER TABLE orders SET TABLESPACE fast;", "ALTER TABLE orders SET (fillfactor = 90);"},
	{"add-check", "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);", "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;"},
	{"add-check", "ALTER TABLE orders ADD COLUMN n int CHECK (n > 0);", "CREATE TABLE o2 (n int CHECK (n > 0));"},
	{"add-foreign-key", "ALTER TABLE orders ADD CONSTRAINT buyer FOREIGN KEY (user_id) REFERENCES users;", "ALTER TABLE orders ADD CONSTRAINT buyer FOREIGN KEY (user_id) REFERENCES users NOT VALID;"},
	{"add-foreign-key", "ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users;", "CREATE TABLE o2 (user_id bigint REFERENCES users);"},
	{"add-unique", "ALTER TABLE orders ADD CONSTRAINT one UNIQUE (number);", "ALTER TABLE orders ADD CONSTRAINT one UNIQUE USING INDEX orders_number;"},
	{"add-unique", "ALTER TABLE orders ADD PRIMARY KEY (id);", "ALTER TABLE orders ADD CONSTRAINT pk PRIMARY KEY USING INDEX orders_id;"},
	{"add-unique", "ALTER TABLE orders ADD COLUMN number int UNIQUE;", "CREATE TABLE o2 (number int UNIQUE);"},
	{"add-exclusion", "ALTER TABLE bookings ADD EXCLUDE USING gist (room WITH =);", "CREATE TABLE b2 (room int, EXCLUDE USING gist (room WITH =));"},
	{"validate-at-once", "ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT c;", "ALTER TABLE orders VALIDATE CONSTRAINT c;"},
	{"create-index", "CREATE INDEX orders_total ON orders (total);", "CREATE TABLE o2 (total int); CREATE INDEX ON o2 (total);"},
	{"create-index", "CREATE UNIQUE INDEX orders_number ON orders (number);", noTx + "DROP INDEX CONCURRENTLY IF EXISTS orders_number;\nCREATE UNIQUE INDEX CONCURRENTLY orders_number ON orders (number);"},
	{"drop-index", "DROP INDEX orders_total;", noTx + "DROP INDEX CONCURRENTLY IF EXISTS orders_total;"},
	{"concurrently-in-tx", "DROP INDEX CONCURRENTLY IF EXISTS i;", noTx + "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY i ON orders (total);"},
	{"index-no-rerun", noTx + "CREATE INDEX CONCURRENTLY i ON orders (total);", noTx + "DROP INDEX CONCURRENTLY IF EXISTS public.i; CREATE INDEX CONCURRENTLY i ON orders (total);"},
	{"index-no-rerun", noTx + "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (total);", noTx + "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY i ON orders (lower(name));"},
	{"not-rerunnable", noTx + "CREATE TABLE o2 (id int);", noTx + "CREATE TABLE IF NOT EXISTS o2 (id int);"},
	{"not-rerunnable", noTx + "ALTER TABLE orders ADD COLUMN a int;", noTx + "ALTER TABLE orders ADD COLUMN IF NOT EXISTS a int;"},
	{"not-rerunnable", noTx + "INSERT INTO settings VALUES (1);", noTx + "INSERT INTO settings VALUES (1) ON CONFLICT DO NOTHING;"},
	{"not-rerunnable", noTx + "ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID;", noTx + "ALTER TABLE orders DROP CONSTRAINT IF EXISTS c, ADD CONSTRAINT c CHECK (a > 0) NOT VALID;"},
	{"reindex", "REINDEX TABLE orders;", noTx + "REINDEX TABLE CONCURRENTLY orders;"},
	{"refresh-view", "REFRESH MATERIALIZED VIEW totals;", "REFRESH MATERIALIZED VIEW CONCURRENTLY totals;"},
	{"vacuum-full", noTx + "VACUUM FULL orders;", noTx + "VACUUM (ANALYZE) orders;"},
	{"vacuum-full", "CLUSTER orders USING orders_total;", "ANALYZE orders;"},
	{"truncate", "TRUNCATE orders;", "CREATE TABLE scratch (id int); TRUNCATE scratch;"},
	{"lock-table", "LOCK TABLE orders;", "SELECT 1;"},
	{"unbounded-write", "UPDATE orders SET state = 'new';", "UPDATE orders SET state = 'new' WHERE id BETWEEN 1 AND 1000;"},
	{"unbounded-write", "DELETE FROM orders;", "CREATE TABLE scratch (id int); DELETE FROM scratch;"},
	{"row-security", "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;", "CREATE POLICY p ON orders USING (true);"},
	{"detach-partition", "ALTER TABLE events DETACH PARTITION events_2025;", noTx + "ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;"},
	{"opaque-block", "-- +goose StatementBegin\nDO $$ BEGIN PERFORM 1; END $$;\n-- +goose StatementEnd", "SELECT 1;"},
	{"transaction-control", "COMMIT;", "SELECT 1;"},
	{"no-lock-timeout", "-- +goose Up\nALTER TABLE orders ADD COLUMN a int;", "ALTER TABLE orders ADD COLUMN a int;"},
	{"no-lock-timeout", "-- +goose Up\nSET LOCAL lock_timeout = 0;\nALTER TABLE orders ADD COLUMN a int;", "-- +goose Up\nSET LOCAL lock_timeout = 2000;\nALTER TABLE orders ADD COLUMN a int;"},
	{"no-lock-timeout", "-- +goose Up\nSET LOCAL lock_timeout = '0ms';\nALTER TABLE orders ADD COLUMN a int;", "-- +goose Up\nSET lock_timeout TO '500ms';\nALTER TABLE orders ADD COLUMN a int;"},
	{"no-lock-timeout", "-- +goose NO TRANSACTION\n-- +goose Up\nSET LOCAL lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN IF NOT EXISTS a int;", noTx + "ALTER TABLE orders ADD COLUMN IF NOT EXISTS a int;"},
	{"no-lock-timeout", "-- +goose Up\nCREATE TABLE items (order_id bigint REFERENCES orders);", "-- +goose Up\nCREATE TABLE orders (id bigint PRIMARY KEY); CREATE TABLE items (order_id bigint REFERENCES orders);"},
	{"no-lock-timeout", "-- +goose Up\nCREATE TRIGGER t BEFORE INSERT ON orders EXECUTE FUNCTION f();", "CREATE TRIGGER t BEFORE INSERT ON orders EXECUTE FUNCTION f();"},
	{"no-goose-up", "-- a file without annotation\n--", "SELECT 1;"},
	{"syntax", "ALTER TABL orders;", "SELECT 1;"},
}

func lintForm(form string) []Problem {
	if !strings.HasPrefix(form, "-- ") || strings.HasPrefix(form, "-- +goose StatementBegin") {
		form = inTx + form
	}
	var l linter
	return l.file("f.sql", form)
}

func TestUnsafeFormsAreCaughtAndSafeFormsAreNot(t *testing.T) {
	caught := map[string]bool{}
	for _, form := range forms {
		problems := lintForm(form.unsafe)
		if len(problems) != 1 || problems[0].Rule != form.rule {
			t.Errorf("%s\n\twant one %s, got %v", form.unsafe, form.rule, problems)
		}
		caught[form.rule] = true
		for _, problem := range lintForm(form.safe) {
			t.Errorf("the safe form %s\n\thas a problem: %s", form.safe, problem)
		}
	}
	caught["bad-override"] = true // TestOverrides has its forms
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		if !caught[rule] {
			t.Errorf("no form shows the rule %s", rule)
		}
	}
	if len(forms) < 25 {
		t.Errorf("only %d forms", len(forms))
	}
}

// A table of the same file is not in use yet: everything is allowed.
func TestEverythingIsAllowedOnANewTable(t *testing.T) {
	problems := lintForm(`-- +goose Up
CREATE TABLE orders (id bigint PRIMARY KEY, total int);
CREATE INDEX orders_total ON orders (total);
ALTER TABLE orders ADD COLUMN state text NOT NULL;
ALTER TABLE orders ALTER COLUMN total TYPE bigint, ALTER COLUMN total SET NOT NULL;
ALTER TABLE orders RENAME COLUMN total TO amount;
UPDATE orders SET amount = 0;
ALTER TABLE orders DROP COLUMN amount;
`)
	if len(problems) != 0 {
		t.Error(problems)
	}
}

// The way down is for a developer's machine: nothing migrates down in an environment.
func TestTheWayDownIsNotChecked(t *testing.T) {
	if problems := lintForm("-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE orders;\n"); len(problems) != 0 {
		t.Error(problems)
	}
}

// NOT NULL in three steps: the constraint, its validation in a later file, and then SET NOT NULL.
func TestNotNullInThreeSteps(t *testing.T) {
	var l linter
	for i, step := range []string{
		"ALTER TABLE orders ADD CONSTRAINT c CHECK (state IS NOT NULL) NOT VALID;",
		"ALTER TABLE orders VALIDATE CONSTRAINT c;",
		"ALTER TABLE orders ALTER COLUMN state SET NOT NULL;\nALTER TABLE orders DROP CONSTRAINT c;",
	} {
		if problems := l.file(fmt.Sprintf("%d.sql", i), inTx+step); len(problems) != 0 {
			t.Errorf("step %d: %v", i, problems)
		}
	}
	if problems := l.file("9.sql", inTx+"ALTER TABLE orders ALTER COLUMN other SET NOT NULL;"); len(problems) != 1 {
		t.Errorf("another column: %v", problems)
	}
}

func TestOverrides(t *testing.T) {
	const statement = "ALTER TABLE orders DROP COLUMN total;\n"
	for _, row := range []struct {
		name, sql string
		want      []string
	}{
		{"with a reason", "-- dozen:allow drop-column: nothing has read it since release 41\n" + statement, nil},
		{"with another comment between", "-- dozen:allow drop-column: nothing has read it since release 41\n-- see 42\n\n" + statement, nil},
		{"without a reason", "-- dozen:allow drop-column\n" + statement, []string{"bad-override", "drop-column"}},
		{"with a reason that is too short", "-- dozen:allow drop-column: fine\n" + statement, []string{"bad-override", "drop-column"}},
		{"of another rule", "-- dozen:allow drop-table: nothing has read it since release 41\n" + statement, []string{"bad-override", "drop-column"}},
		{"of a rule that does not exist", "-- dozen:allow everything: nothing has read it since release 41\n" + statement, []string{"bad-override", "drop-column"}},
		{"after its statement", statement + "-- dozen:allow drop-column: nothing has read it since release 41\n", []string{"drop-column", "bad-override"}},
		{"for the next statement only", "-- dozen:allow drop-column: nothing has read it since release 41\nSELECT 1;\n" + statement, []string{"bad-override", "drop-column"}},
		{"that allows nothing", "-- dozen:allow drop-column: nothing has read it since release 41\nSELECT 1;\n", []string{"bad-override"}},
	} {
		var got []string
		for _, problem := range lintForm(inTx + row.sql) {
			got = append(got, problem.Rule)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

// The message is all that a developer sees: where, what, why, and what to write instead.
func TestMessage(t *testing.T) {
	var l linter
	problems := l.file("0007_orders.sql", "-- +goose Up\n-- a comment; with a semicolon\nSET LOCAL lock_timeout = '2s';\n\n/* another */\nALTER TABLE app.orders\n  DROP COLUMN total;\n")
	if len(problems) != 1 {
		t.Fatal(problems)
	}
	want := "0007_orders.sql:6: drop-column: app.orders.total: the running version still reads or writes it. Safe: stop using it in this release, and drop it in the release after next."
	if got := problems[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDirectories(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"0001_a.sql": inTx + "CREATE TABLE a (id int);", "0002_b.sql": inTx + "DROP TABLE a;", "README.md": "DROP TABLE a;",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	problems, files, err := Directories(dir)
	if err != nil || files != 2 || len(problems) != 1 || !strings.HasSuffix(problems[0].File, "0002_b.sql") {
		t.Errorf("%v, %d files, %v", problems, files, err)
	}
	if _, _, err := Directories(filepath.Join(dir, "missing")); err == nil {
		t.Error("no error for a directory that does not exist")
	}
}
