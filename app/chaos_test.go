package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/testserver"
	"dozen/app/internal/testsuite"
)

// The promise of the app: an accepted event is delivered, whatever is killed at whatever time. The test posts each
// event until it is accepted, as webhook senders do, and meanwhile kills web, workers and PostgreSQL.
func TestNoAcceptedEventIsEverLost(t *testing.T) {
	events, kills := 20_000, 5
	if long() {
		events, kills = 100_000, 500
	}
	w := newWorld(t)
	port, err := testserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	env := w.env.with("LOG_LEVEL", "warn").with("WORKER_CONCURRENCY", "16").with("DATABASE_POOL_SIZE", "16")
	running := map[string]*instance{}
	startOne := func(name string) {
		if name == "web" {
			running[name] = startBinary(t, env.with("PORT", strconv.Itoa(port)), "web")
		} else {
			running[name] = startBinary(t, env, "worker")
		}
	}
	for _, name := range []string{"web", "worker 1", "worker 2"} {
		startOne(name)
	}
	running["web"].until("/readyz", 200, 10*time.Second)

	posted := startSenders(t, running["web"].url("/in/demo"), events)
	for range kills {
		// Kills are spread over the test: each waits for some progress.
		before := len(w.sink.received())
		want := int64(before + (events-before)/(2*kills))
		testsuite.Eventually(t, 60*time.Second, func() error { return atLeast(int64(len(w.sink.received())), want) })
		victim := []string{"web", "worker 1", "worker 2", "postgres"}[rand.IntN(4)]
		t.Logf("killing %[2]s after %[1]d deliveries", len(w.sink.received()), victim)
		if victim == "postgres" {
			testsuite.Server().Kill()
			if err := testsuite.Server().Start(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		running[victim].kill()
		startOne(victim)
	}

	accepted := posted.wait(t)
	testsuite.Eventually(t, 3*time.Minute, func() error { return w.settled(t.Context()) })
	w.verify(accepted, events)
}

// verify compares the accepted events with the stored and the delivered ones.
func (w *world) verify(accepted map[string]bool, events int) {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), `select event_id::text, state from delivery`)
	if err != nil {
		w.t.Fatal(err)
	}
	stored := map[string]string{}
	var id, state string
	if _, err := pgx.ForEachRow(rows, []any{&id, &state}, func() error { stored[id] = state; return nil }); err != nil {
		w.t.Fatal(err)
	}
	received := w.sink.received()
	repeated := 0
	for id := range accepted {
		if stored[id] != "delivered" || received[id] == 0 {
			w.t.Errorf("event %s was accepted, is %q and was received %d times", id, stored[id], received[id])
		}
		repeated += received[id] - 1
	}
	for id := range received {
		if !accepted[id] {
			w.t.Errorf("phantom: event %s was delivered, but never accepted", id)
		}
	}
	if len(accepted) != events || len(stored) != events {
		w.t.Errorf("%d events were accepted and %d stored, of %d posted", len(accepted), len(stored), events)
	}
	w.t.Logf("%d events delivered, %d deliveries repeated", len(accepted), repeated)
}

// senders post events until each of them is accepted.
type senders struct {
	all      sync.WaitGroup
	mu       sync.Mutex
	accepted map[string]bool
}

func startSenders(t *testing.T, url string, events int) *senders {
	const crowd = 8
	s := &senders{accepted: map[string]bool{}}
	for number := range crowd {
		client := newClient(t, 1)
		s.all.Go(func() {
			for event := number; event < events; event += crowd {
				id, err := postUntilAccepted(t, client, url, event)
				if err != nil {
					t.Error(err)
					return
				}
				s.mu.Lock()
				s.accepted[id] = true
				s.mu.Unlock()
			}
		})
	}
	return s
}

func postUntilAccepted(t *testing.T, client *http.Client, url string, event int) (id string, err error) {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && t.Context().Err() == nil; {
		id, err = post(client, url, fmt.Sprintf("event-%d", event), fmt.Appendf(nil, `{"number":%d}`, event))
		if err == nil {
			return id, nil
		}
		time.Sleep(20 * time.Millisecond) // the pause of a sender
	}
	return "", fmt.Errorf("event %d was never accepted: %w", event, err)
}

func (s *senders) wait(t *testing.T) map[string]bool {
	t.Helper()
	s.all.Wait()
	return s.accepted
}
