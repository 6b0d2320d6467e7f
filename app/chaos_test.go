package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"dozen/app/internal/inbox"
	"dozen/app/internal/testserver"
	"dozen/app/internal/testsuite"
	"dozen/app/internal/upkeep"
)

// The promise of the app: an accepted event is delivered, and afterwards it is in the database or in the archive, once,
// whatever is killed at whatever time. The test posts each event until it is accepted, as webhook senders do. Meanwhile
// old events are archived, redriven and replayed, and web, workers and PostgreSQL are killed.
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
	night := w.startNight(posted)
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
	replayed := night.end()
	w.settle()
	w.verify(accepted, replayed, events)
}

// settle waits until nothing is left to do. That takes its time on a busy machine, but not a minute without progress.
func (w *world) settle() {
	w.t.Helper()
	for left := math.MaxInt; left > 0; {
		enough := left / 100 * 99
		testsuite.Eventually(w.t, time.Minute, func() error {
			deliveries, jobs, err := w.unfinished(w.t.Context())
			if left = deliveries + jobs; err == nil && left > enough {
				err = fmt.Errorf("%d deliveries are pending, %d jobs unfinished", deliveries, jobs)
			}
			return err
		})
		w.t.Logf("%d deliveries and jobs are left", left)
	}
}

// night does what happens to old events: it makes accepted ones old, and archives, redrives and replays them.
type night struct {
	w        *world
	posted   *senders
	ending   chan struct{}
	done     sync.WaitGroup
	replayed map[string]int // confirmed replays
}

func (w *world) startNight(posted *senders) *night {
	n := &night{w: w, posted: posted, ending: make(chan struct{}), replayed: map[string]int{}}
	jobs, err := inbox.NewJobs(w.db, &river.Config{})
	if err != nil {
		w.t.Fatal(err)
	}
	n.done.Go(func() {
		for round := 0; ; round++ {
			select {
			case <-n.ending:
				return
			case <-time.After(100 * time.Millisecond): // many nights in a minute
			}
			n.pass(jobs, round)
		}
	})
	return n
}

// pass is one night. Whatever fails is not confirmed, so nothing has to come of it.
func (n *night) pass(jobs *inbox.Jobs, round int) {
	ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	ids := n.posted.some(200)
	if len(ids) == 0 {
		return
	}
	// Some deliveries die, so that there is something to redrive.
	_, _ = n.w.db.Exec(ctx, "update event set received_at = now() - interval '40 days' where id = any ($1::uuid[])", ids)
	_, _ = n.w.db.Exec(ctx, `update delivery set state = 'dead', changed_at = now() - interval '1 hour'
		where state = 'delivered' and event_id = any ($1::uuid[])`, ids[:len(ids)/10])
	if round%2 == 0 {
		_, _ = jobs.Insert(ctx, inbox.Archive{Tick: time.Now()}, &river.InsertOpts{Queue: inbox.Queue})
		_, _ = jobs.Insert(ctx, upkeep.Redrive{Tick: time.Now()}, &river.InsertOpts{Queue: inbox.Queue})
	}
	for _, id := range ids[:10] {
		if started, err := n.w.in.Replay(ctx, id, ""); err == nil && started == 1 {
			n.replayed[id]++
		}
	}
}

func (n *night) end() map[string]int {
	close(n.ending)
	n.done.Wait()
	return n.replayed
}

// verify compares the accepted events with those in the database, in the archive, and at the destination.
func (w *world) verify(accepted map[string]bool, replayed map[string]int, events int) {
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
	archived, objects := w.archived()
	received := w.sink.received()
	repeated, confirmed := 0, 0
	for id := range accepted {
		if inDatabase := stored[id] != ""; inDatabase == (archived[id] > 0) || archived[id] > 1 || received[id] == 0 {
			w.t.Errorf("event %s was accepted, is %q, in the archive %d times, and was received %d times",
				id, stored[id], archived[id], received[id])
		}
		if received[id] < 1+replayed[id] {
			w.t.Errorf("event %s was replayed %d times, but received %d times", id, replayed[id], received[id])
		}
		repeated += received[id] - 1 - replayed[id]
		confirmed += replayed[id]
	}
	for id := range received {
		if !accepted[id] {
			w.t.Errorf("phantom: event %s was delivered, but never accepted", id)
		}
	}
	if len(accepted) != events || len(stored)+len(archived) != events {
		w.t.Errorf("%d events were accepted, %d stored and %d archived, of %d posted", len(accepted), len(stored), len(archived), events)
	}
	if len(archived) == 0 || len(stored) == 0 || confirmed == 0 {
		w.t.Errorf("%d events archived, %d not, %d replayed: the test proves nothing", len(archived), len(stored), confirmed)
	}
	w.t.Logf("%d events: %d in the database, %d in %d objects; %d replays confirmed, %d other deliveries repeated",
		len(accepted), len(stored), len(archived), objects, confirmed, repeated)
}

// archived returns how often each event is in the archive.
func (w *world) archived() (counts map[string]int, objects int) {
	w.t.Helper()
	counts = map[string]int{}
	dir := strings.TrimPrefix(w.env["STORAGE_URL"], "file://")
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".ndjson.gz") { // a killed worker leaves a part
			return err
		}
		objects++
		object, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		packed, err := gzip.NewReader(bytes.NewReader(object))
		if err != nil {
			return err
		}
		lines := json.NewDecoder(packed)
		for {
			var event inbox.Event
			if err := lines.Decode(&event); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			counts[event.ID]++
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return counts, objects
}

// senders post events until each of them is accepted.
type senders struct {
	all      sync.WaitGroup
	mu       sync.Mutex
	accepted map[string]bool
	recent   []string // accepted, and not yet taken by some
}

// some returns accepted events, at least 10, or none.
func (s *senders) some(most int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.recent) < 10 {
		return nil
	}
	taken := s.recent[:min(most, len(s.recent))]
	s.recent = s.recent[len(taken):]
	return taken
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
				s.recent = append(s.recent, id)
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
