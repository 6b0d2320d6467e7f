package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	dir := func(sql string) string {
		d := t.TempDir()
		if sql != "" {
			if err := os.WriteFile(filepath.Join(d, "0001_a.sql"), []byte(sql), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	safe, unsafe := dir("-- +goose Up\nCREATE TABLE a (id int);\n"), dir("-- +goose Up\nDROP TABLE a;\n")
	for _, row := range []struct {
		args      []string
		code      int
		out, errs string // fragments
	}{
		{nil, 2, "", "usage: dozen COMMAND"},
		{[]string{"--help"}, 2, "", "lint-migrations DIR..."},
		{[]string{"deploy"}, 2, "", `unknown command "deploy"`},
		{[]string{"lint-migrations"}, 2, "", "usage: dozen COMMAND"},
		{[]string{"lint-migrations", safe}, 0, "1 migrations, all safe", ""},
		{[]string{"lint-migrations", unsafe}, 1, "0001_a.sql:2: drop-table: a: ", "dozen:allow RULE"},
		{[]string{"lint-migrations", unsafe, safe}, 1, "0001_a.sql:2: drop-table: a: ", "in 2 migrations"},
		{[]string{"lint-migrations", dir("")}, 2, "", "no migrations (*.sql) below"},
		{[]string{"lint-migrations", safe + "/missing"}, 2, "", "no such file or directory"},
	} {
		var out, errs strings.Builder
		if code := run(row.args, &out, &errs); code != row.code {
			t.Errorf("%v: exit code %d, want %d", row.args, code, row.code)
		}
		if !strings.Contains(out.String(), row.out) || !strings.Contains(errs.String(), row.errs) {
			t.Errorf("%v prints %q and %q, want %q and %q in them", row.args, &out, &errs, row.out, row.errs)
		}
		if strings.Contains(errs.String(), "goroutine") {
			t.Errorf("%v prints a stack trace", row.args)
		}
	}
}
