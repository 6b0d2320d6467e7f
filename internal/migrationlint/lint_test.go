package migrationlint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A table of the same file is not in use yet: everything is allowed.
func TestEverythingIsAllowedOnANewTable(t *testing.T) {
	problems := lintForm(t, `-- +goose Up
CREATE TABLE carts (id bigint PRIMARY KEY, total int);
CREATE INDEX carts_total ON carts (total);
ALTER TABLE carts ADD COLUMN state text NOT NULL;
ALTER TABLE carts ALTER COLUMN total TYPE bigint, ALTER COLUMN total SET NOT NULL;
ALTER TABLE carts RENAME COLUMN total TO amount;
UPDATE carts SET amount = 0;
ALTER TABLE carts DROP COLUMN amount;
ALTER TABLE carts RENAME TO baskets;
DROP TABLE baskets;
`)
	if len(problems) != 0 {
		t.Error(problems)
	}
}

// The way down is for a developer's machine: nothing migrates down in an environment.
func TestTheWayDownIsNotChecked(t *testing.T) {
	if problems := lintForm(t, "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE orders;\n"); len(problems) != 0 {
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
		for _, problem := range lintForm(t, inTx+row.sql) {
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
	want := "0007_orders.sql:6: drop-column: app.orders.total: the running version still reads or writes it\n" +
		"    ALTER TABLE app.orders DROP COLUMN total\n" +
		"    safe: stop using it in this release, and drop it in the release after next, with an override"
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
	problems, files, err := Settings{}.Directory(dir)
	if err != nil || files != 2 || len(problems) != 1 || !strings.HasSuffix(problems[0].File, "0002_b.sql") {
		t.Errorf("%v, %d files, %v", problems, files, err)
	}
	if _, _, err := (Settings{}).Directory(filepath.Join(dir, "missing")); err == nil {
		t.Error("no error for a directory that does not exist")
	}
}
