package proxy_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Prevents: a part of the protocol that only a client's own authors think of. Every test of pgx that succeeds with a direct connection
// succeeds through the proxy; and no test is skipped more.
func TestTheSuiteOfPgxPasses(t *testing.T) {
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("DOZEN_LONG is not set")
	}
	a := start(t, newSecrets(), nil)
	conn := a.query(t)
	for _, statement := range []string{"create extension if not exists hstore", "create extension if not exists ltree", "create domain uint64 as numeric(20,0)"} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Logf("%s: %v: the tests that need it fail with and without the proxy", statement, err)
		}
	}
	suite := copied(t, "github.com/jackc/pgx/v5")
	direct := fmt.Sprintf("host=127.0.0.1 port=%d user=app password=%s dbname=app sslmode=verify-full sslrootcert=%s", database.Port, password, authority.Bundle)
	host, port, _ := strings.Cut(a.database, ":")
	through := fmt.Sprintf("host=%s port=%s user=app dbname=app sslmode=disable", host, port)
	compare(t,
		results(t, suite, []string{"PGX_TEST_DATABASE=" + direct}, "./..."),
		results(t, suite, []string{"PGX_TEST_DATABASE=" + through}, "./..."))
}

// Prevents: the same with Redis's protocol. The suite wants to start a server by itself, and gets one that is there already. The tests
// of latency are left out: they need DEBUG, which this server refuses.
func TestTheSuiteOfRedigoPasses(t *testing.T) {
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("DOZEN_LONG is not set")
	}
	script := filepath.Join(t.TempDir(), "redis-server")
	text := "#!/bin/sh\ncase $1 in --version) echo v=7.0.0;; *) echo ' * Ready to accept connections'; exec tail -f /dev/null;; esac\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(start(t, newSecrets(), nil).cache, ":")
	_, own, _ := strings.Cut(free(t), ":")
	suite := copied(t, "github.com/gomodule/redigo")
	compare(t,
		results(t, suite, nil, "./redis", "-skip=TestLatency", "-redis-port="+own),
		results(t, suite, nil, "./redis", "-skip=TestLatency", "-redis-server="+script, "-redis-port="+port))
}

// compare refuses a test that only succeeds without the proxy.
func compare(t *testing.T, without, with map[string]string) {
	t.Helper()
	count := map[string]int{}
	for _, test := range slices.Sorted(maps.Keys(without)) {
		count[with[test]]++
		if without[test] == "pass" && with[test] != "pass" {
			t.Errorf("%s: pass without the proxy, %q with it", test, with[test])
		}
		if without[test] != "pass" && with[test] != "pass" {
			t.Logf("%s: %s without the proxy, %s with it", test, without[test], with[test])
		}
	}
	t.Logf("with the proxy: %v", count)
	if count["pass"] < 100 {
		t.Error("the suite did not run")
	}
}

// temporary is what differs between the names of one test in two runs.
var temporary = regexp.MustCompile(`/tmp/[A-Za-z]+\d+`)

// results runs a module's tests and returns what became of each: pass, fail or skip.
func results(t *testing.T, directory string, variables []string, words ...string) map[string]string {
	t.Helper()
	words = append([]string{"test", "-mod=mod", "-count=1", "-p=1", "-json", "-timeout=10m"}, words...)
	cmd := exec.CommandContext(t.Context(), "go", words...)
	cmd.Dir, cmd.Env = directory, append(append(os.Environ(), "GOWORK=off"), variables...)
	out, _ := cmd.Output() // some tests fail for want of a superuser, with and without the proxy
	found := map[string]string{}
	for scanner := bufio.NewScanner(bytes.NewReader(out)); scanner.Scan(); {
		var event struct{ Action, Package, Test string }
		if json.Unmarshal(scanner.Bytes(), &event) != nil || event.Test == "" {
			continue
		}
		if slices.Contains([]string{"pass", "fail", "skip"}, event.Action) {
			found[event.Package+"."+temporary.ReplaceAllString(event.Test, "")] = event.Action
		}
	}
	return found
}

// copied returns a copy of a module's sources, into which go may write go.sum.
func copied(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	if err := os.CopyFS(directory, os.DirFS(strings.TrimSpace(string(out)))); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(directory, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
	return directory
}
