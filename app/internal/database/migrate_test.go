package database_test

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

var silent = slog.New(slog.DiscardHandler)

// A rollback runs the old image's migration on the newer schema. The migration must change nothing and succeed, or the
// rollback itself fails.
func TestOlderVersionAcceptsNewerSchema(t *testing.T) {
	db := testsuite.Database(t)
	_, err := db.Exec(t.Context(), `insert into goose_db_version (version_id, is_applied) values (99999, true);
		alter table event add column from_the_future text;
		insert into river_migration (line, version) values ('main', 999)`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), silent, 0); err != nil {
		t.Fatalf("migrate on a newer schema: %v", err)
	}
	var column int
	err = db.QueryRow(t.Context(), "select count(*) from information_schema.columns where column_name = 'from_the_future'").Scan(&column)
	if err != nil || column != 1 {
		t.Errorf("the newer schema was changed: %d, %v", column, err)
	}
}

// A long report holds a lock that the migration needs. The migration must not block all other queries while it waits,
// and must succeed in the end.
func TestMigrationWaitsForLocksWithoutBlocking(t *testing.T) {
	db := testsuite.Open(t, testsuite.DatabaseURL(t, false))
	if err := db.Migrate(t.Context(), silent, 1); err != nil {
		t.Fatal(err)
	}
	report, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := report.Exec(t.Context(), "select count(*) from delivery"); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error, 1)
	go func() { migrated <- db.Migrate(context.Background(), silent, 0) }()
	// Wait until the migration waits for the lock: a query behind it must still get through.
	testsuite.Eventually(t, 10*time.Second, func() error {
		var waiting int
		err := db.QueryRow(t.Context(), "select count(*) from pg_locks where not granted").Scan(&waiting)
		if err == nil && waiting == 0 {
			return os.ErrNotExist
		}
		return err
	})
	query, done := context.WithTimeout(t.Context(), 5*time.Second)
	defer done()
	if _, err := db.Exec(query, "select 1 from delivery limit 1"); err != nil {
		t.Errorf("a query waits behind the migration: %v", err)
	}
	if err := report.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, migrated); err != nil {
		t.Errorf("migrate: %v", err)
	}
}

// During a release, the previous version runs on the new schema. So every migration but the first may only add, and
// must not make the previous version's inserts fail. This test reads the SQL; compatibility_test.go runs code on
// other schemas.
func TestMigrationsOnlyAdd(t *testing.T) {
	files, err := os.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	breaking := regexp.MustCompile(`(?i)\b(drop (table|column|constraint|type)|rename|alter column|add constraint|truncate|delete from)\b`)
	for _, file := range files[1:] {
		content, err := os.ReadFile("migrations/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(content), "-- +goose Down")
		if found := breaking.FindString(up); found != "" {
			t.Errorf("%s: %q breaks the version that is still running", file.Name(), found)
		}
		for line := range strings.Lines(strings.ToLower(up)) {
			if strings.Contains(line, "add column") && strings.Contains(line, "not null") && !strings.Contains(line, "default") {
				t.Errorf("%s: %q makes the running version's inserts fail", file.Name(), line)
			}
		}
	}
	if len(files) < 2 {
		t.Error("no migration was looked at")
	}
}

// The lock that keeps a second migration out was on a connection of its own. When that one was cut, both migrations ran.
// So the lock must be on the connection that migrates.
func TestMigrationRunsOnTheConnectionWithItsLock(t *testing.T) {
	db := testsuite.Open(t, testsuite.DatabaseURL(t, false))
	if err := db.Migrate(t.Context(), silent, 1); err != nil {
		t.Fatal(err)
	}
	report, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = report.Rollback(context.Background()) }()
	if _, err := report.Exec(t.Context(), "select count(*) from delivery"); err != nil {
		t.Fatal(err)
	}
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- db.Migrate(context.Background(), silent, 0) }()
	var holder int
	testsuite.Eventually(t, 10*time.Second, func() error {
		return db.QueryRow(t.Context(), `select pid from pg_locks waiting join pg_locks mine using (pid)
			where not waiting.granted and mine.locktype = 'advisory' and mine.granted
				and mine.database = (select oid from pg_database where datname = current_database())`).Scan(&holder)
	})
	go func() { second <- db.Migrate(context.Background(), silent, 0) }()
	if _, err := db.Exec(t.Context(), "select pg_terminate_backend($1)", holder); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, first); err == nil {
		t.Error("the first migration does not notice that its connection was cut")
	}
	if err := report.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, second); err != nil {
		t.Errorf("the second migration: %v", err)
	}
}

func TestStatus(t *testing.T) {
	db := testsuite.Open(t, testsuite.DatabaseURL(t, false))
	if err := db.Migrate(t.Context(), silent, 2); err != nil {
		t.Fatal(err)
	}
	list, err := db.Status(t.Context())
	if err != nil || len(list) != 3 || list[1].AppliedAt.IsZero() || !list[2].AppliedAt.IsZero() {
		t.Errorf("status = %+v, %v; want two applied and one pending", list, err)
	}
}

// An index build that is killed leaves an invalid index of that name: the next run must replace it instead of failing
// forever.
func TestInterruptedIndexBuildIsRepeated(t *testing.T) {
	db := testsuite.Open(t, testsuite.DatabaseURL(t, false))
	if err := db.Migrate(t.Context(), silent, 2); err != nil {
		t.Fatal(err)
	}
	_, err := db.Exec(t.Context(), `create index event_delivery_id on event (delivery_id);
		update pg_index set indisvalid = false where indexrelid = 'event_delivery_id'::regclass`)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), silent, 0); err != nil {
		t.Fatal(err)
	}
	var valid bool
	err = db.QueryRow(t.Context(), "select indisvalid from pg_index where indexrelid = 'event_delivery_id'::regclass").Scan(&valid)
	if err != nil || !valid {
		t.Errorf("the index is valid: %t, %v", valid, err)
	}
}
