package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

// A delivery may take longer than the silence after which workers count as dead, also while its worker stops. The other
// worker must not run it too.
func TestALongJobRunsOnce(t *testing.T) {
	w := newWorld(t)
	env := w.env.with(silence, "1s").with("DRAIN_SECONDS", "20")
	began, hold := make(chan struct{}, 8), make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	w.sink.answers(func(http.ResponseWriter, *http.Request) { began <- struct{}{}; <-hold })
	if _, _, err := w.in.Accept(t.Context(), inbox.Event{Source: "demo", ContentType: "text/plain", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	first := start(t, env, "worker")
	select {
	case <-began:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is delivered")
	}
	start(t, env, "worker").untilLine("worker started", 10*time.Second)
	quiet(t, began, 3*time.Second)
	ended := make(chan int, 1)
	go func() { ended <- first.terminate() }()
	quiet(t, began, 3*time.Second)
	release()
	if code := <-ended; code != 0 { // terminate has a bound
		t.Errorf("the first worker ended with %d", code)
	}
	testsuite.Eventually(t, 20*time.Second, func() error { return w.settled(t.Context()) })
	for id, count := range w.sink.received() {
		if count != 1 {
			t.Errorf("event %s was delivered %d times", id, count)
		}
	}
}

// quiet fails if something begins within the time.
func quiet(t *testing.T, began <-chan struct{}, patience time.Duration) {
	t.Helper()
	select {
	case <-began:
		t.Error("a job that is running has begun again")
	case <-time.After(patience):
	}
}

// A job that a worker takes before it has a lease counts as lost.
func TestWorkerBeatsFirst(t *testing.T) {
	w := newWorld(t)
	began := make(chan struct{}, 8)
	w.sink.answers(func(http.ResponseWriter, *http.Request) { began <- struct{}{} })
	if _, _, err := w.in.Accept(t.Context(), inbox.Event{Source: "demo", ContentType: "text/plain", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	locked, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := locked.Exec(t.Context(), "lock table lease"); err != nil {
		t.Fatal(err)
	}
	worker := start(t, w.env, "worker")
	testsuite.Eventually(t, 20*time.Second, func() error {
		var waiting int64
		err := w.db.QueryRow(t.Context(), "select count(*) from pg_locks where not granted and relation = 'lease'::regclass").Scan(&waiting)
		if err == nil {
			err = atLeast(waiting, 1)
		}
		return err
	})
	quiet(t, began, 2*time.Second)
	if err := locked.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	worker.untilLine("worker started", 10*time.Second)
	testsuite.Eventually(t, 20*time.Second, func() error { return w.settled(t.Context()) })
}

// `replay --yes` is for what has failed. A destination that has received the event must not be billed twice, unless --all
// says so; and without --yes nothing happens.
func TestReplayOfDeadOnes(t *testing.T) {
	w := newWorld(t)
	w.addDestination(inbox.Destination{Name: "billing"})
	if _, _, err := w.in.Accept(t.Context(), inbox.Event{Source: "demo", ContentType: "text/plain", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	_, err := w.db.Exec(t.Context(), "update delivery set state = case destination when 'sink' then 'dead' else 'delivered' end")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want, states string }{
		{"replay", "would replay 1 events", "billing delivered, sink dead"},
		{"replay --all", "would replay 1 events", "billing delivered, sink dead"},
		{"replay --yes", "replayed 1 events, started 1 deliveries", "billing delivered, sink pending"},
		{"replay --yes --all --state delivered", "replayed 1 events, started 1 deliveries", "billing pending, sink pending"},
	} {
		output, code := runCommand(t, w.env, "", strings.Fields(c.args)...)
		list, err := w.in.Events(t.Context(), inbox.Filter{Limit: 1})
		if code != 0 || err != nil || !strings.Contains(output, c.want) || list[0].States != c.states {
			t.Errorf("%s: %d, %q, now %q; want %q", c.args, code, output, list[0].States, c.states)
		}
	}
}
