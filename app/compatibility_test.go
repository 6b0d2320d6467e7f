package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"

	"dozen/app/internal/inbox"
	"dozen/app/internal/operator"
	"dozen/app/internal/testsuite"
	"dozen/app/internal/upkeep"
)

const hint = "run `dozen-app migrate`"

// migrateAndRecover runs the forgotten migration. The processes must notice it without a restart.
func migrateAndRecover(t *testing.T, env variables, web *instance, others ...*instance) {
	t.Helper()
	for _, p := range append(others, web) {
		p.untilLine(hint, 10*time.Second)
	}
	if answer := body(t, http.DefaultClient, web.url("/readyz")); !strings.Contains(answer, hint) {
		t.Errorf("readyz answers %s; want %q", answer, hint)
	}
	if code := start(t, env, "migrate").wait(30 * time.Second); code != 0 {
		t.Fatalf("migrate ended with %d", code)
	}
	testsuite.Eventually(t, 5*time.Second, func() error {
		if answer := body(t, http.DefaultClient, web.url("/readyz")); strings.Contains(answer, hint) {
			return fmt.Errorf("readyz still answers %s", answer)
		}
		return nil
	})
	for _, p := range append(others, web) {
		p.untilLine("the schema is up to date now", 5*time.Second)
	}
}

func body(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// On an empty database all processes wait for the first migration, and none of them exits.
func TestProcessesWaitForTheFirstMigration(t *testing.T) {
	env := newVariables(t).with("DATABASE_URL", testsuite.DatabaseURL(t, false))
	web, worker, scheduler := start(t, env, "web"), start(t, env, "worker"), start(t, env, "scheduler")
	web.until("/livez", 200, 10*time.Second)
	web.until("/readyz", 503, 10*time.Second)
	migrateAndRecover(t, env, web, worker, scheduler)
	web.until("/readyz", 200, 5*time.Second)
	worker.untilLine("worker started", 5*time.Second)
	for _, p := range []*instance{web, worker, scheduler} {
		if code := p.terminate(); code != 0 {
			t.Errorf("%v ended with %d", p.cmd.Args[1:], code)
		}
	}
}

// If somebody deploys without the migration, new code runs on the previous version's schema. It must still accept and
// deliver events, tell the operator what to do, and need no restart after the migration.
func TestCodeWorksOnEarlierSchemas(t *testing.T) {
	for version := int64(1); version <= 2; version++ {
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			w := newWorldAt(t, version)
			web, worker, scheduler := start(t, w.env, "web"), start(t, w.env, "worker"), start(t, w.env, "scheduler")
			web.until("/readyz", 200, 10*time.Second)
			client := newClient(t, 1)
			roundTrip := func() {
				t.Helper()
				id, err := post(client, web.url("/in/demo"), "", []byte(`{}`))
				if err != nil {
					t.Fatal(err)
				}
				testsuite.Eventually(t, 10*time.Second, func() error { return w.settled(t.Context()) })
				if started, err := w.in.Replay(t.Context(), id, ""); err != nil || started != 1 {
					t.Errorf("replay started %d, %v", started, err)
				}
				testsuite.Eventually(t, 10*time.Second, func() error { return atLeast(int64(w.sink.received()[id]), 2) })
			}
			roundTrip()
			migrateAndRecover(t, w.env, web, worker, scheduler)
			roundTrip()
		})
	}
}

// migrateToNextVersion migrates to a schema that a later version might have: it adds a column to every table that this
// version writes, a table and an index.
func (w *world) migrateToNextVersion() {
	w.t.Helper()
	provider, err := goose.NewProvider(goose.DialectPostgres, stdlib.OpenDBFromPool(w.db.Pool), os.DirFS("testdata/next_version"))
	if err != nil {
		w.t.Fatal(err)
	}
	if applied, err := provider.Up(w.t.Context()); err != nil || len(applied) != 2 {
		w.t.Fatalf("the next version's migrations: %v, %v", applied, err)
	}
}

// Every release runs the previous version on the next version's schema for a while, and a rollback permanently. Here
// the processes, with their prepared statements, run during and after the migration, and everything must still work.
func TestCodeWorksOnTheNextSchema(t *testing.T) {
	w := newWorld(t)
	w.env = w.env.with("CACHE_URL", testsuite.Valkey(t).URL())
	if err := operator.Add(t.Context(), w.db, "ada@example.com", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	web, worker := start(t, w.env, "web"), start(t, w.env, "worker")
	web.until("/readyz", 200, 10*time.Second)
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	logIn := url.Values{"email": {"ada@example.com"}, "password": {"correct horse battery"}}
	if response, err := browser.PostForm(web.url("/login"), logIn); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("login: %v, %v", response, err)
	}
	client := newClient(t, 1)
	roundTrip := func() (id string) {
		t.Helper()
		id, err := post(client, web.url("/in/demo"), "", []byte(`{"order":1}`))
		if err != nil {
			t.Fatal(err)
		}
		testsuite.Eventually(t, 10*time.Second, func() error { return w.settled(t.Context()) })
		for _, page := range []string{"/", "/routes", "/events/" + id} {
			if text := body(t, browser, web.url(page)); !strings.Contains(text, "demo") {
				t.Errorf("GET %s shows %s", page, text)
			}
		}
		response, err := browser.PostForm(web.url("/events/"+id+"/replay"), nil)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("replay: %v, %v", response, err)
		}
		_ = response.Body.Close()
		testsuite.Eventually(t, 10*time.Second, func() error { return atLeast(int64(w.sink.received()[id]), 2) })
		testsuite.Eventually(t, 10*time.Second, func() error { return w.settled(t.Context()) })
		return id
	}
	roundTrip()
	w.migrateToNextVersion()
	want := schema(t, w.db)
	id := roundTrip()

	for _, c := range [][2]string{
		{"migrate", ""}, {"migrate status", "00003 applied"}, {"source add shop", "added source shop"}, {"source list", "shop"},
		{"destination add crm shop https://example.com", "added destination crm"}, {"destination list", "crm"},
		{"createadmin bob@example.com", "can log in"}, {"replay " + id, "started 1 deliveries"},
	} {
		output, code := runCommand(t, w.env, "a long enough password\n", strings.Fields(c[0])...)
		if code != 0 || !strings.Contains(output, c[1]) {
			t.Errorf("%s: exit code %d, want 0 with %q in:\n%s", c[0], code, c[1], output)
		}
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return w.settled(t.Context()) })
	w.archiveAndImport(t)
	if _, err := w.db.Exec(t.Context(), "insert into schedule values ('backlog', now() - interval '1 hour')"); err != nil {
		t.Fatal(err)
	}
	scheduler := start(t, w.env.with("METRICS_NAMESPACE", "test"), "scheduler") // a tick is due
	scheduler.untilLine(`"Backlog"`, 10*time.Second)
	wantSchema(t, w.db, want) // the older version's migrate has not changed it
	for _, p := range []*instance{web, worker, scheduler} {
		if code := p.terminate(); code != 0 || len(p.lines(`"level":"ERROR"`)) > 0 {
			t.Errorf("%v ended with %d and logged %s", p.cmd.Args[1:], code, p.lines(`"level":"ERROR"`))
		}
	}
}

// archiveAndImport redrives dead deliveries, moves all events to the archive, and imports them again.
func (w *world) archiveAndImport(t *testing.T) {
	t.Helper()
	var before int
	if err := w.db.QueryRow(t.Context(), "select count(*) from event").Scan(&before); err != nil {
		t.Fatal(err)
	}
	jobs, err := inbox.NewJobs(w.db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range []river.JobArgs{upkeep.Redrive{Tick: time.Now()}, inbox.Archive{Tick: time.Now().AddDate(0, 0, 31)}} {
		if _, err := jobs.Insert(t.Context(), args, &river.InsertOpts{Queue: inbox.Queue, MaxAttempts: 1}); err != nil {
			t.Fatal(err)
		}
	}
	testsuite.Eventually(t, 20*time.Second, func() error { return w.settled(t.Context()) })
	var archive []string
	dir := strings.TrimPrefix(w.env["STORAGE_URL"], "file://")
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			key, _ := filepath.Rel(dir, path)
			archive = append(archive, key)
		}
		return err
	})
	if len(archive) != 1 {
		t.Fatalf("the archive holds %v, want one object", archive)
	}
	output, code := runCommand(t, w.env, "", "import", "storage:"+archive[0])
	if want := fmt.Sprintf("imported %d events; 0 were already known", before); code != 0 || !strings.Contains(output, want) {
		t.Errorf("import: exit code %d, want %q in:\n%s", code, want, output)
	}
	testsuite.Eventually(t, 20*time.Second, func() error { return w.settled(t.Context()) })
}
