package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Prevents: a red `make lint` in a clone whose app writes its migrations with another tool than ours; and a green one that has
// silently looked at nothing.
func TestMigrationsOfEveryTool(t *testing.T) {
	const drop = "ALTER TABLE a DROP COLUMN b;\n"
	const timeout = "SET lock_timeout = '2s';\n"
	for name, row := range map[string]struct {
		files map[string]string
		code  int
		says  []string
	}{
		"goose":          {map[string]string{"sql/1.sql": "-- +goose Up\n" + timeout + drop}, 1, []string{"app/sql/1.sql:3: drop-column: a.b"}},
		"goose's down":   {map[string]string{"sql/1.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\n" + drop}, 0, []string{"1 migrations, all safe"}},
		"sql-migrate":    {map[string]string{"sql/1.sql": "-- +migrate Up notransaction\n" + timeout + drop}, 1, []string{"app/sql/1.sql:3: drop-column: a.b"}},
		"dbmate":         {map[string]string{"db/1.sql": "-- migrate:up transaction:false\n" + timeout + drop + "-- migrate:down\n" + drop}, 1, []string{"app/db/1.sql:3: drop-column: a.b", "1 problems"}},
		"golang-migrate": {map[string]string{"migrations/1_a.up.sql": timeout + drop, "migrations/1_a.down.sql": drop}, 1, []string{"1_a.up.sql:2: drop-column: a.b", "1 problems in 1 migrations"}},
		"Prisma":         {map[string]string{"prisma/migrations/1_a/migration.sql": timeout + drop}, 1, []string{"app/prisma/migrations/1_a/migration.sql:2: drop-column: a.b"}},
		"Flyway":         {map[string]string{"src/main/resources/db/migration/V1__a.sql": timeout + drop, "src/main/resources/db/migration/U1__a.sql": drop}, 1, []string{"V1__a.sql:2: drop-column: a.b", "1 problems in 1 migrations"}},
		"other SQL":      {map[string]string{"db/seeds.sql": drop, "node_modules/x/migrations/1.sql": drop}, 0, []string{"no migrations in SQL in app/: nothing was linted"}},
		"an index alone": {map[string]string{"migrations/1.sql": "CREATE TABLE a (b int);\n", "migrations/2.sql": "REINDEX TABLE CONCURRENTLY a;\n"}, 0, []string{"2 migrations, all safe"}},
		"an index in a transaction": {map[string]string{"migrations/1.sql": "CREATE TABLE a (b int);\n", "migrations/2.sql": timeout + "REINDEX TABLE CONCURRENTLY a;\n"}, 1,
			[]string{"2.sql:2: concurrently-in-tx"}},
		"a file without goose's line": {map[string]string{"migrations/1.sql": "-- +goose Up\nSELECT 1;\n", "migrations/2.sql": drop}, 1, []string{"2.sql:1: no-goose-up"}},
		"Django":                      {map[string]string{"manage.py": ""}, 0, []string{"Django: in app/, python manage.py sqlmigrate APP MIGRATION | dozen lint-migrations -"}},
		"Alembic":                     {map[string]string{"alembic.ini": ""}, 0, []string{"alembic upgrade FROM:TO --sql | dozen lint-migrations -"}},
		"Rails":                       {map[string]string{"db/migrate/1_a.rb": ""}, 0, []string{"Rails: it prints no SQL before it runs; the gem strong_migrations"}},
		"Knex":                        {map[string]string{"knexfile.js": ""}, 0, []string{"Knex: it prints no SQL before it runs"}},
	} {
		checkout := t.TempDir()
		for path, text := range row.files {
			file := filepath.Join(checkout, "app", path)
			must(t, os.MkdirAll(filepath.Dir(file), 0o755))
			must(t, os.WriteFile(file, []byte(text), 0o600))
		}
		must(t, os.MkdirAll(filepath.Join(checkout, "app"), 0o755))
		code, out, errs := dozen(t, checkout, "lint-migrations")
		for _, text := range row.says {
			if code != row.code || !strings.Contains(out+errs, text) {
				t.Errorf("%s: exit code %d, %q and %q, want %d and %q", name, code, out, errs, row.code, text)
			}
		}
	}
}

// What Django and Alembic print has its own transactions and notes in a table what was applied.
func TestMigrationsFromThePipe(t *testing.T) {
	const alembic = "BEGIN;\n\n-- Running upgrade 1 -> 2\n\nALTER TABLE a ADD COLUMN c int;\n\n" +
		"UPDATE alembic_version SET version_num='2' WHERE alembic_version.version_num = '1';\n\nCOMMIT;\n\n"
	const django = "BEGIN;\n--\n-- Remove field b from a\n--\nALTER TABLE \"a\" DROP COLUMN \"b\" CASCADE;\nCOMMIT;\n"
	for _, row := range []struct {
		args []string
		sql  string
		code int
		says string
	}{
		{[]string{"-"}, alembic, 1, "standard input:5: no-lock-timeout: a"},
		{[]string{"--lock-timeout-set", "-"}, alembic, 0, "1 migrations, all safe"},
		{[]string{"--lock-timeout-set", "-"}, django, 1, "standard input:5: drop-column: a.b"},
		{[]string{"--lock-timeout-set", "-"}, "BEGIN;\nSELECT 1;\nROLLBACK;\n", 1, "standard input:3: transaction-control"},
		{[]string{"--lock-timeout-set", "-"}, "BEGIN;\nWITH d AS (DELETE FROM a) UPDATE alembic_version SET version_num = '2';\nCOMMIT;\n", 1, "unbounded-write"},
		{[]string{"-"}, "BEGIN;\nSET LOCAL lock_timeout = '2s';\nSELECT 1;\nCOMMIT;\nBEGIN;\nALTER TABLE a ADD COLUMN c int;\nCOMMIT;\n", 1, "standard input:6: no-lock-timeout"},
		{[]string{"-"}, "BEGIN;\nSET lock_timeout = '2s';\nSELECT 1;\nCOMMIT;\nBEGIN;\nALTER TABLE a ADD COLUMN c int;\nCOMMIT;\n", 0, "all safe"},
		{[]string{"-"}, "\n", 1, "the standard input is empty"},
	} {
		file := filepath.Join(t.TempDir(), "in.sql")
		must(t, os.WriteFile(file, []byte(row.sql), 0o600))
		in, err := os.Open(file)
		must(t, err)
		defer in.Close()
		var out, errs strings.Builder
		code := run(&session{ctx: t.Context(), in: in, out: &out, errs: &errs, directory: t.TempDir()}, append([]string{"lint-migrations"}, row.args...))
		if said := out.String() + errs.String(); code != row.code || !strings.Contains(said, row.says) {
			t.Errorf("%q: exit code %d, %s, want %d and %q", row.sql, code, said, row.code, row.says)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
