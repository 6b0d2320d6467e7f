package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// dozen runs a command line in a directory, with a cache directory of its own.
func dozen(t *testing.T, directory string, args ...string) (code int, out, errs string) {
	t.Helper()
	var outText, errsText strings.Builder
	code = run(&session{ctx: t.Context(), in: os.Stdin, out: &outText, errs: &errsText, environ: os.Environ(), directory: directory}, args)
	return code, outText.String(), errsText.String()
}

// Prevents: after a typing mistake, a command does the wrong thing or ends with a stack trace.
func TestCommandLine(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	migrations := func(sql string) string {
		d := t.TempDir()
		if sql != "" {
			if err := os.WriteFile(filepath.Join(d, "0001_a.sql"), []byte(sql), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	checkout := t.TempDir()
	if err := os.WriteFile(filepath.Join(checkout, "cdk.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	taken := listener.Addr().(*net.TCPAddr).Port
	safe, unsafe := migrations("-- +goose Up\nCREATE TABLE a (id int);\n"), migrations("-- +goose Up\nDROP TABLE a;\n")
	for _, row := range []struct {
		args      []string
		code      int
		out, errs string // fragments
	}{
		{nil, 0, "lint-migrations", ""},
		{[]string{"--help"}, 0, "Usage: dozen <command>", ""},
		{[]string{"deploy"}, 2, "", "unexpected argument deploy"},
		{[]string{"up", "--prot=1"}, 2, "", "unknown flag --prot"},
		{[]string{"up", "--scale", "worker"}, 2, "", "--scale"},
		{[]string{"up", "--scale", "worker=many"}, 2, "", "many"},
		{[]string{"up", "--scale", "worker=-1"}, 1, "", "must be 0 or more"},
		{[]string{"up", "--assembly", safe}, 1, "", "manifest.json"},
		{[]string{"ps", "nowhere"}, 1, "", `no environment "nowhere"; there are: dev, staging, prod`},
		{[]string{"up", "production"}, 1, "", `no environment "production"; there are: dev, staging, prod`},
		{[]string{"up", "production", "--assembly", safe}, 1, "", "manifest.json"}, // of other sources
		{[]string{"up", "--port", strconv.Itoa(taken)}, 1, "", "choose a free port"},
		{[]string{"ps"}, 1, "", `start it with ` + "`dozen up dev`"},
		{[]string{"run", "staging", "--", "true"}, 1, "", `"staging" is not running here`},
		{[]string{"run", "staging", "true"}, 1, "", `"staging" is not running here`},
		{[]string{"run", "--", "true"}, 1, "", `"dev" is not running here`},
		{[]string{"run", "--", "true", "--", "x"}, 1, "", `"dev" is not running here`},
		{[]string{"run", "app", "help"}, 1, "", `To run "app" in dev, write -- before it`},
		{[]string{"run", "nowhere", "--", "true"}, 1, "", `no environment "nowhere"; there are`},
		{[]string{"run"}, 2, "", "<command>"},
		{[]string{"run", "staging"}, 1, "", "the command is missing"},
		{[]string{"run", "staging", "--"}, 1, "", "the command is missing"},
		{[]string{"release", "staging"}, 1, "", "is not running here"},
		{[]string{"down", "staging"}, 1, "", "is not running here"},
		{[]string{"logs", "staging"}, 1, "", "has never run here"},
		{[]string{"environments"}, 0, "dev\nstaging\nprod\n", ""},
		{[]string{"environments", "dve"}, 1, "", `no environment "dve"; there are: dev, staging, prod`},
		{[]string{"help"}, 0, "Usage: dozen <command>", ""},
		{[]string{"help", "up"}, 0, "Usage: dozen up", ""},
		{[]string{"version"}, 0, "dozen ", ""},
		{[]string{"--version"}, 0, "dozen ", ""},
		{[]string{"lint-migrations"}, 0, "no migrations in SQL in app/: nothing was linted", ""},
		{[]string{"lint-migrations", safe}, 0, "1 migrations, all safe", ""},
		{[]string{"lint-migrations", unsafe}, 1, "0001_a.sql:2: drop-table: a: ", "dozen:allow RULE"},
		{[]string{"lint-migrations", unsafe, safe}, 1, "0001_a.sql:2: drop-table: a: ", "in 2 migrations"},
		{[]string{"lint-migrations", migrations("")}, 1, "", "no migrations (*.sql) in"},
		{[]string{"lint-migrations", safe + "/missing"}, 1, "", "no such file or directory"},
	} {
		code, out, errs := dozen(t, checkout, row.args...)
		if code != row.code {
			t.Errorf("%v: exit code %d, want %d", row.args, code, row.code)
		}
		if !strings.Contains(out, row.out) || !strings.Contains(errs, row.errs) {
			t.Errorf("%v prints %q and %q, want %q and %q in them", row.args, out, errs, row.out, row.errs)
		}
		if strings.Contains(errs, "goroutine") {
			t.Errorf("%v prints a stack trace", row.args)
		}
	}
}

// Prevents: a command in the wrong directory finds or creates the environment of another checkout.
func TestCommandsFindTheirCheckout(t *testing.T) {
	root := t.TempDir()
	inside := filepath.Join(root, "app", "internal")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := dozen(t, inside, "ps"); code != 1 || !strings.Contains(errs, "no cdk.json in this directory or above it") {
		t.Errorf("outside of a checkout: exit code %d, %s", code, errs)
	}
	if err := os.WriteFile(filepath.Join(root, "cdk.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := checkout(inside); found != root {
		t.Errorf("the checkout of %s is %s, want %s", inside, found, root)
	}
}
