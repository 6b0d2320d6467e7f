package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

// An event passes through real processes, from its sender to its destination.
func TestEventIsAcceptedAndDeliveredOnce(t *testing.T) {
	w := newWorld(t)
	web, worker := start(t, w.env, "web"), start(t, w.env.with("METRICS_NAMESPACE", "test"), "worker")
	web.until("/readyz", 200, 10*time.Second)
	client := newClient(t, 1)
	first, err := post(client, web.url("/in/demo"), "order-1", []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	again, err := post(client, web.url("/in/demo"), "order-1", []byte(`{"a":1}`))
	if err != nil || again != first {
		t.Fatalf("posted again: %q, %v; want the first id %q", again, err, first)
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return w.settled(t.Context()) })
	if got := w.sink.received(); len(got) != 1 || got[first] != 1 {
		t.Fatalf("received %v, want %s once", got, first)
	}
	// One search for the event's id must find its delivery, and the log must not contain a secret.
	worker.untilLine(first, time.Second)
	for _, p := range []*instance{web, worker} {
		if lines := p.lines(testSecret); len(lines) > 0 {
			t.Errorf("a secret is in the log: %s", lines)
		}
	}
	if code := worker.terminate(); code != 0 {
		t.Fatalf("worker ended with %d", code)
	}
	if lines := worker.lines(`"Delivered":1`); len(lines) != 1 || !strings.Contains(lines[0], `"Process":"worker"`) {
		t.Errorf("the last metrics are missing: %q", lines)
	}
}

// A destination that is down must get the event later, after a pause, and its delivery must not be attempted forever.
func TestFailedDeliveryIsRepeatedAndThenDead(t *testing.T) {
	w := newWorld(t)
	if _, err := w.db.Exec(t.Context(), "update destination set max_attempts = 2"); err != nil {
		t.Fatal(err)
	}
	w.sink.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	web := start(t, w.env, "web")
	start(t, w.env, "worker")
	web.until("/readyz", 200, 10*time.Second)
	id, err := post(newClient(t, 1), web.url("/in/demo"), "", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	testsuite.Eventually(t, 40*time.Second, func() error { return w.settled(t.Context()) })
	_, states, attempts, err := w.in.Event(t.Context(), id)
	if err != nil || len(states) != 1 || states[0].State != "dead" || len(attempts) != 2 || *attempts[1].Status != 502 {
		t.Fatalf("event has %+v after %+v, %v; want dead after two attempts with 502", states, attempts, err)
	}
	// Replayed after the destination has come back, it arrives.
	w.sink.answers(nil)
	replay := start(t, w.env, "replay", id)
	if code := replay.wait(10 * time.Second); code != 0 || len(replay.lines("started 1 deliveries")) != 1 {
		t.Fatalf("replay ended with %d: %q", code, replay.lines(""))
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return w.settled(t.Context()) })
	if got := w.sink.received()[id]; got != 3 {
		t.Errorf("received %d times, want two failed attempts and the replay", got)
	}
}

// A slow destination must not delay the others.
func TestSlowDestinationLeavesRoomForOthers(t *testing.T) {
	w := newWorld(t)
	slow := newSink(t)
	slow.holds(t)
	if _, err := w.db.Exec(t.Context(), `insert into destination (name, source, url, secret, allow_private, concurrency)
		values ('slow', 'demo', $1, $2, true, 2)`, slow.URL, testSecret); err != nil {
		t.Fatal(err)
	}
	web := start(t, w.env, "web")
	start(t, w.env.with("WORKER_CONCURRENCY", "4"), "worker")
	web.until("/readyz", 200, 10*time.Second)
	client := newClient(t, 1)
	for range 20 {
		if _, err := post(client, web.url("/in/demo"), "", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	testsuite.Eventually(t, 10*time.Second, func() error {
		if got := len(w.sink.received()); got < 20 {
			return fmt.Errorf("%d of 20 received while another destination hangs", got)
		}
		return nil
	})
	if got := len(slow.received()); got > 2 {
		t.Errorf("%d requests at once to a destination that allows 2", got)
	}
}
