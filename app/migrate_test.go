package main

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/database"
	"dozen/app/internal/testsuite"
)

func long() bool { return os.Getenv("DOZEN_LONG") != "" }

// schema describes all tables, columns, indexes and applied versions.
func schema(t *testing.T, db *database.DB) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), `
		select 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
				|| coalesce(' ' || column_default, '')
			from information_schema.columns where table_schema = 'public'
		union all select 'index ' || indexdef || ' ' || indisvalid
			from pg_indexes join pg_index on indexrelid = indexname::regclass where schemaname = 'public'
		union all select 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid)
			from pg_constraint where connamespace = 'public'::regnamespace
		union all select 'version ' || version_id || ' applied ' || count(*) from goose_db_version group by version_id
		union all select 'queue version ' || version from river_migration
		order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// tables returns the number of tables.
func tables(t *testing.T, db *database.DB) (count int) {
	t.Helper()
	err := db.QueryRow(t.Context(), "select count(*) from information_schema.tables where table_schema = 'public'").Scan(&count)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func wantSchema(t *testing.T, db *database.DB, want []string) {
	t.Helper()
	got := schema(t, db)
	if slices.Equal(got, want) {
		return
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("unexpected: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
}

// Retries, restarts and impatient people run migrations at the same time. All of them must succeed, and each
// migration must be applied once.
func TestFiftyMigrationsAtOnce(t *testing.T) {
	env := variables{"DATABASE_URL": testsuite.DatabaseURL(t, false), "DATABASE_POOL_SIZE": "2"}
	var all []*instance
	for range 50 {
		all = append(all, start(t, env, "migrate"))
	}
	for _, p := range all {
		if code := p.wait(2 * time.Minute); code != 0 {
			t.Fatalf("migrate ended with %d:\n%s", code, strings.Join(p.lines(""), "\n"))
		}
	}
	wantSchema(t, testsuite.Open(t, env["DATABASE_URL"]), schema(t, testsuite.Database(t)))
}

// A migration that starts before the database waits for it.
func TestMigrationWaitsForTheDatabase(t *testing.T) {
	env := variables{"DATABASE_URL": testsuite.DatabaseURL(t, false), "DATABASE_POOL_SIZE": "2", "LOG_FORMAT": "json"}
	testsuite.Server().Kill()
	p := start(t, env, "migrate")
	p.untilLine("cannot reach the database, retrying", 20*time.Second)
	if err := testsuite.Server().Start(); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(time.Minute); code != 0 {
		t.Errorf("migrate ended with %d:\n%s", code, strings.Join(p.lines(""), "\n"))
	}
}

// Deployments are aborted and machines disappear at any point of a migration. Then it must be enough to run it again.
func TestKilledMigrationsConverge(t *testing.T) {
	clean := testsuite.Database(t)
	want, complete := schema(t, clean), tables(t, clean)
	kills := 100
	if long() {
		kills = 500
	}
	// Kills are spread over the time that a migration takes.
	began := time.Now()
	env := variables{"DATABASE_URL": testsuite.DatabaseURL(t, false), "DATABASE_POOL_SIZE": "2"}
	if code := start(t, env, "migrate").wait(time.Minute); code != 0 {
		t.Fatalf("migrate ended with %d", code)
	}
	takes := time.Since(began)
	halfway := 0
	for done := 0; done < kills; {
		env = env.with("DATABASE_URL", testsuite.DatabaseURL(t, false))
		db := testsuite.Open(t, env["DATABASE_URL"])
		for range 4 { // times on the same database
			p := start(t, env, "migrate")
			time.Sleep(rand.N(takes))
			p.kill()
			done++
		}
		if left := tables(t, db); left > 0 && left < complete {
			halfway++
		}
		last := start(t, env, "migrate")
		if code := last.wait(time.Minute); code != 0 {
			t.Fatalf("the rerun ended with %d:\n%s", code, strings.Join(last.lines(""), "\n"))
		}
		wantSchema(t, db, want)
		db.Close()
	}
	t.Logf("%d kills; %d of %d databases were left halfway", kills, halfway, kills/4)
}
