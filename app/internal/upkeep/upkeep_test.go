package upkeep_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
	"dozen/app/internal/storage"
	"dozen/app/internal/testsuite"
	"dozen/app/internal/upkeep"
)

func TestMain(m *testing.M) { testsuite.Main(m) }

func newInbox(t *testing.T) (*inbox.Inbox, *database.DB, *inbox.Jobs) {
	t.Helper()
	db := testsuite.Database(t)
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	in := inbox.New(db, jobs)
	const secret = "0123456789abcdef"
	s := inbox.Source{Name: "demo", Scheme: "hmac", Secret: secret, RatePerMinute: 1}
	if err := in.AddSource(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	d := inbox.Destination{Name: "sink", Source: "demo", URL: "https://example.com", Secret: secret, Concurrency: 1, MaxAttempts: 3}
	if err := in.AddDestination(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return in, db, jobs
}

func accept(t *testing.T, in *inbox.Inbox, body string) string {
	t.Helper()
	id, _, err := in.Accept(t.Context(), inbox.Event{Source: "demo", ContentType: "text/plain", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func exec(t *testing.T, db *database.DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// Workers are scaled by this line. With a wrong name, unit or dimension they never start; without a zero they never
// stop.
func TestBacklogLine(t *testing.T) {
	in, db, _ := newInbox(t)
	measure := func() map[string]any {
		t.Helper()
		var out bytes.Buffer
		err := db.InTx(t.Context(), func(tx pgx.Tx) error {
			return upkeep.Backlog(t.Context(), tx, metric.New(&out, "dozen/test", "scheduler"))
		})
		if err != nil || strings.Count(out.String(), "\n") != 1 {
			t.Fatalf("backlog = %q, %v; want one line", out.String(), err)
		}
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	}
	line := measure()
	head, _ := json.Marshal(line["_aws"].(map[string]any)["CloudWatchMetrics"])
	want := `[{"Dimensions":[["Process"]],"Metrics":[{"Name":"Backlog","Unit":"Count"},` +
		`{"Name":"BacklogAge","Unit":"Seconds"}],"Namespace":"dozen/test"}]`
	if string(head) != want || line["Process"] != "worker" || line["Backlog"] != 0.0 || line["BacklogAge"] != 0.0 {
		t.Errorf("an empty queue reports %v\nwith %s", line, head)
	}
	for range 4 {
		accept(t, in, "x")
	}
	exec(t, db, "update river_job set scheduled_at = now() - interval '90 seconds' where id = (select min(id) from river_job)")
	exec(t, db, `update river_job set state = 'running', scheduled_at = now() - interval '1 hour'
		where id = (select max(id) from river_job)`)
	exec(t, db, `update river_job set state = 'retryable', scheduled_at = now() + interval '1 hour'
		where id = (select min(id) + 1 from river_job)`)
	line = measure()
	age := line["BacklogAge"].(float64)
	if line["Backlog"] != 3.0 || age < 90 || age > 120 {
		t.Errorf("backlog %v, age %v; want 3 (two due, one running, not the one that is due later), about 90 s", line["Backlog"], age)
	}
}

// The nightly run must store every finished event in an object before it deletes the event, whatever interrupts it,
// and keep pending events.
func TestArchiveMovesFinishedEventsAndImportBringsThemBack(t *testing.T) {
	in, db, _ := newInbox(t)
	fake := testsuite.NewAWS(t)
	cfg, err := config.Load(func(name string) string { return fake.Variables()[name] })
	if err != nil {
		t.Fatal(err)
	}
	store := storage.Open(&url.URL{Scheme: "s3", Host: "archive"}, awsapi.New(cfg.AWS))
	old := map[string]bool{}
	for i := range 1500 { // more than one batch
		old[accept(t, in, fmt.Sprintf("body %d", i))] = true
	}
	pending := accept(t, in, "still pending")
	exec(t, db, "update event set received_at = now() - interval '31 days'")
	exec(t, db, "update delivery set state = 'delivered' where event_id <> $1", pending)
	young := accept(t, in, "young")
	exec(t, db, "update delivery set state = 'delivered' where event_id = $1", young)

	archive(t, in, db, store)

	left, err := in.Events(t.Context(), inbox.Filter{Limit: 10})
	if err != nil || len(left) != 2 || left[0].ID != young || left[1].ID != pending {
		t.Fatalf("left are %+v, %v; want the young and the pending one", left, err)
	}
	total := 0
	for key, object := range fake.Objects() {
		if !strings.HasPrefix(key, "archive/events/") {
			t.Errorf("object %s", key)
		}
		imported, err := in.Import(t.Context(), bytes.NewReader(object), false)
		if err != nil {
			t.Fatal(err)
		}
		total += imported.New
		again, err := in.Import(t.Context(), bytes.NewReader(object), true)
		if err != nil || again.New != 0 || again.Known != imported.New {
			t.Errorf("a repeated import would bring %+v, %v", again, err)
		}
	}
	if total != len(old) || len(fake.Objects()) != 2 {
		t.Errorf("%d events came back from %d objects, want %d from 2", total, len(fake.Objects()), len(old))
	}
}

// archive runs a night's archive job, and waits until nothing is left to do.
func archive(t *testing.T, in *inbox.Inbox, db *database.DB, to storage.Storage) {
	t.Helper()
	workers := river.NewWorkers()
	upkeep.Register(workers, in, to, 30*24*time.Hour, slog.New(slog.DiscardHandler))
	client, err := inbox.NewJobs(db, &river.Config{Workers: workers, Logger: slog.New(slog.DiscardHandler),
		Queues:        map[string]river.QueueConfig{"upkeep": {MaxWorkers: 2}},
		FetchCooldown: 5 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		ending, done := context.WithTimeout(context.Background(), 20*time.Second)
		defer done()
		_ = client.StopAndCancel(ending)
	}()
	if _, err := client.Insert(t.Context(), inbox.Archive{Tick: time.Now()}, &river.InsertOpts{Queue: "upkeep"}); err != nil {
		t.Fatal(err)
	}
	testsuite.Eventually(t, 30*time.Second, func() error {
		var left int
		err := db.QueryRow(t.Context(), `select count(*) from river_job where kind like 'archive%'
			and state not in ('completed', 'discarded', 'cancelled')`).Scan(&left)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d archive jobs are unfinished", left)
		}
		return err
	})
}

// A job that is put off again and again is due again and again. Its wait must not seem to begin again: the alarm on the
// backlog's age would never ring for a destination that hangs.
func TestAgeOfJobsThatArePutOff(t *testing.T) {
	in, db, _ := newInbox(t)
	accept(t, in, "x")
	exec(t, db, "update river_job set created_at = now() - interval '10 minutes', scheduled_at = now() + interval '10 minutes'")
	for _, state := range []string{"available", "scheduled"} { // as Forward and River's snooze leave it
		exec(t, db, "update river_job set state = $1::river_job_state", state)
		var out bytes.Buffer
		err := db.InTx(t.Context(), func(tx pgx.Tx) error {
			return upkeep.Backlog(t.Context(), tx, metric.New(&out, "dozen/test", "scheduler"))
		})
		var line struct{ Backlog, BacklogAge float64 }
		if err := errors.Join(err, json.Unmarshal(out.Bytes(), &line)); err != nil {
			t.Fatal(err)
		}
		if line.Backlog != 1 || line.BacklogAge < 600 || line.BacklogAge > 660 {
			t.Errorf("%s: %+v, want one job that waits for ten minutes", state, line)
		}
	}
}
