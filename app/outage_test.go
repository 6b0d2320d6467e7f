package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

// After an outage of a backing service nobody needs to restart anything.
func TestOutagesOfBackingServices(t *testing.T) {
	w := newWorld(t)
	valkey := testsuite.Valkey(t)
	postgres := testsuite.Server()
	env := w.env.with("CACHE_URL", valkey.URL())
	web, worker, scheduler := start(t, env, "web"), start(t, env, "worker"), start(t, env, "scheduler")
	web.until("/readyz", 200, 10*time.Second)
	worker.untilLine("worker started", 10*time.Second)
	client := newClient(t, 2)
	accept := func() string {
		t.Helper()
		id, err := post(client, web.url("/in/demo"), "", []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	delivered := func(id string, patience time.Duration) {
		t.Helper()
		testsuite.Eventually(t, patience, func() error { return atLeast(int64(w.sink.received()[id]), 1) })
	}
	delivered(accept(), 5*time.Second)

	// A delivery that is running during an outage of the database must not count as lost after it, or it is delivered
	// twice.
	release := w.sink.holds(t)
	held := accept()
	delivered(held, 5*time.Second)

	postgres.Kill()
	web.until("/readyz", 503, 5*time.Second)
	gone := time.Now()
	for time.Since(gone) < 9*time.Second {
		if code := web.status("/livez"); code != http.StatusOK {
			t.Fatalf("livez answers %d during an outage of the database", code)
		}
		if _, err := post(client, web.url("/in/demo"), "", []byte(`{}`)); err == nil {
			t.Fatal("an event was accepted without a database")
		}
	}
	if err := postgres.Start(); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	web.until("/readyz", 200, 2*time.Second)
	release()
	w.sink.answers(nil)
	after := accept()
	delivered(after, 5*time.Second)
	t.Logf("ready and delivering %s after the end of the outage", time.Since(back).Round(10*time.Millisecond))
	testsuite.Eventually(t, 15*time.Second, func() error { return w.settled(t.Context()) })
	if count := w.sink.received()[held]; count != 1 {
		t.Errorf("the running delivery was made %d times", count)
	}

	valkey.Kill()
	testsuite.Eventually(t, 5*time.Second, func() error { return cacheIs(client, web, "away") })
	delivered(accept(), 5*time.Second)
	if err := valkey.Start(); err != nil {
		t.Fatal(err)
	}
	testsuite.Eventually(t, 2*time.Second, func() error { return cacheIs(client, web, "ok") })
	for _, p := range []*instance{web, worker, scheduler} {
		if code := p.terminate(); code != 0 {
			t.Errorf("%v ended with %d", p.cmd.Args[1:], code)
		}
	}
}

func cacheIs(client *http.Client, web *instance, want string) error {
	response, err := client.Get(web.url("/readyz"))
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body := make([]byte, 200)
	n, _ := response.Body.Read(body)
	if text := fmt.Sprintf("%q:%q", "cache", want); response.StatusCode != http.StatusOK || !strings.Contains(string(body[:n]), text) {
		return fmt.Errorf("readyz answers %d %s, want %s", response.StatusCode, body[:n], text)
	}
	return nil
}

// Processes may start before their backing services.
func TestProcessesStartBeforeBackingServices(t *testing.T) {
	w := newWorld(t)
	postgres := testsuite.Server()
	postgres.Kill()
	web, worker, scheduler := start(t, w.env, "web"), start(t, w.env, "worker"), start(t, w.env, "scheduler")
	web.until("/livez", 200, 10*time.Second)
	worker.untilLine("worker is waiting for the database", 10*time.Second)
	scheduler.untilLine("scheduler started", 10*time.Second)
	if err := postgres.Start(); err != nil {
		t.Fatal(err)
	}
	web.until("/readyz", 200, 2*time.Second)
	worker.untilLine("worker started", 5*time.Second)
}

// Another worker runs the jobs of a killed worker within seconds.
func TestJobOfKilledWorkerRunsAgain(t *testing.T) {
	w := newWorld(t)
	release := w.sink.holds(t)
	web, worker := start(t, w.env, "web"), start(t, w.env, "worker")
	web.until("/readyz", 200, 10*time.Second)
	id, err := post(newClient(t, 1), web.url("/in/demo"), "", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return atLeast(int64(w.sink.received()[id]), 1) })
	other := start(t, w.env, "worker")
	other.untilLine("worker started", 10*time.Second)
	worker.kill()
	killed := time.Now()
	release()
	testsuite.Eventually(t, 15*time.Second, func() error { return atLeast(int64(w.sink.received()[id]), 2) })
	t.Logf("the job ran again %s after the kill", time.Since(killed).Round(10*time.Millisecond))
}
