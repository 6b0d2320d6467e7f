package inbox_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/storage"
	"dozen/app/internal/testsuite"
	"dozen/app/internal/upkeep"
)

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

// shelf is a storage in memory. Around each Put it calls a function that does what may happen at that moment.
type shelf struct {
	mu            sync.Mutex
	objects       map[string][]byte
	before, after func() error // nil does nothing
}

func (s *shelf) Put(_ context.Context, key string, body []byte) error {
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	if s.objects == nil {
		s.objects = map[string][]byte{}
	}
	if _, found := s.objects[key]; !found {
		s.objects[key] = body
	}
	s.mu.Unlock()
	if s.after != nil {
		return s.after()
	}
	return nil
}

func (s *shelf) Get(_ context.Context, key string) ([]byte, error) { return s.objects[key], nil }

// counts returns in how many objects each event is.
func (s *shelf) counts(t *testing.T) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, object := range s.objects {
		packed, err := gzip.NewReader(bytes.NewReader(object))
		if err != nil {
			t.Fatal(err)
		}
		for lines := json.NewDecoder(packed); lines.More(); {
			var event inbox.Event
			if err := lines.Decode(&event); err != nil {
				t.Fatal(err)
			}
			found[event.ID]++
		}
	}
	return found
}

// wantOnce requires each event to be in the database or in one object, and not in both.
func wantOnce(t *testing.T, in *inbox.Inbox, s *shelf, ids []string) {
	t.Helper()
	places := s.counts(t)
	stored, err := in.Events(t.Context(), inbox.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range stored {
		places[event.ID]++
	}
	for _, id := range ids {
		if places[id] != 1 {
			t.Errorf("event %s is in %d places, want 1: the database, or one object", id, places[id])
		}
	}
	if len(places) != len(ids) {
		t.Errorf("%d events are somewhere, want %d", len(places), len(ids))
	}
}

// finished accepts events, and makes them old and dead.
func finished(t *testing.T, in *inbox.Inbox, db *database.DB, count int) (ids []string) {
	t.Helper()
	for i := range count {
		ids = append(ids, accept(t, in, fmt.Sprintf("body %d", i)))
	}
	exec(t, db, "update event set received_at = now() - interval '31 days' where id = any ($1::uuid[])", ids)
	exec(t, db, `update delivery set state = 'dead', changed_at = now() - interval '31 days'
		where event_id = any ($1::uuid[])`, ids)
	exec(t, db, "delete from river_job where args ->> 'event_id' = any ($1::text[])", ids)
	return ids
}

// An object was named after its first event. If that event was replayed while the others went into the archive, the
// next night's object replaced them: 9 of 11 events were lost. So whatever is replayed or redriven at whatever step, and
// wherever a worker is killed, each event must be in one place.
func TestArchiveNeverLosesWhatIsReplayedMeanwhile(t *testing.T) {
	killed := errors.New("the worker was killed")
	steps := map[string]func(s *shelf, act func() error){
		"before the object": func(s *shelf, act func() error) { s.before = act },
		"after the object":  func(s *shelf, act func() error) { s.after = act },
		"killed before the object": func(s *shelf, act func() error) {
			s.before = func() error { s.before = nil; return errors.Join(act(), killed) }
		},
		"killed after the object": func(s *shelf, act func() error) {
			s.after = func() error { s.after = nil; return errors.Join(act(), killed) }
		},
	}
	for step, at := range steps {
		t.Run(step, func(t *testing.T) {
			in, db, _ := newInbox(t)
			ids := finished(t, in, db, 10)
			s, refused := &shelf{}, 0
			at(s, func() error {
				if started, err := in.Redrive(t.Context()); started != 0 || err != nil {
					t.Errorf("redrive started %d, %v", started, err)
				}
				for _, replay := range []func() (int, error){
					func() (int, error) { return in.Replay(t.Context(), ids[0], "") },
					func() (int, error) { return in.ReplayOnly(t.Context(), ids[0], "dead") },
				} {
					if started, err := replay(); started != 0 || !errors.Is(err, inbox.ErrArchiving) {
						t.Errorf("replay started %d, %v; want a refusal", started, err)
					}
					refused++
				}
				return nil
			})
			archive(t, in, db, s)
			s.before, s.after = nil, nil
			if refused == 0 {
				t.Fatal("nothing was replayed")
			}
			wantOnce(t, in, s, ids)
			ids = append(ids, finished(t, in, db, 1)...)
			archive(t, in, db, s)
			wantOnce(t, in, s, ids)
			if _, err := in.Replay(t.Context(), ids[0], ""); !errors.Is(err, inbox.ErrNotFound) {
				t.Errorf("replay of an archived event: %v", err)
			}
			if len(s.objects) != 2 {
				t.Errorf("%d objects, want one for each night", len(s.objects))
			}
		})
	}
}

// A replay that was confirmed vanished with its event: the deletion did not see what another transaction had not
// committed yet, waited for it, and then deleted the event all the same.
func TestConfirmedReplayKeepsItsEvent(t *testing.T) {
	// The replay is under way when the batch is chosen: its event is left out.
	in, db, _ := newInbox(t)
	ids := finished(t, in, db, 10)
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	for _, sql := range []string{"select from event where id = $1 for share", "update delivery set state = 'pending' where event_id = $1"} {
		if _, err := tx.Exec(t.Context(), sql, ids[0]); err != nil {
			t.Fatal(err)
		}
	}
	s := &shelf{}
	archive(t, in, db, s)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOnce(t, in, s, ids)
	if s.counts(t)[ids[0]] != 0 {
		t.Error("the replayed event is in the archive")
	}

	// The previous version, or an operator with the console, replays without asking whether the event is being archived.
	in, db, _ = newInbox(t)
	ids = finished(t, in, db, 10)
	s = &shelf{}
	s.after = func() error {
		tx, err := db.Begin(t.Context())
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), "update delivery set state = 'pending' where event_id = $1", ids[0])
		go func() { // until the deletion waits for this transaction
			for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
				var waiting int
				err := db.QueryRow(context.Background(), "select count(*) from pg_locks where not granted").Scan(&waiting)
				if err != nil || waiting > 0 {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			_ = tx.Commit(context.Background())
		}()
		return err
	}
	archive(t, in, db, s)
	left, err := in.Events(t.Context(), inbox.Filter{Limit: 100})
	if err != nil || len(left) != 1 || left[0].ID != ids[0] || left[0].States != "sink pending" {
		t.Errorf("left are %+v, %v; want the replayed event with its pending delivery", left, err)
	}
	// It is in the archive too now. The next batch begins with it, and its object must be another one.
	exec(t, db, "update delivery set state = 'delivered'")
	fresh := finished(t, in, db, 1)[0]
	s.after = nil
	archive(t, in, db, s)
	if s.counts(t)[fresh] != 1 {
		t.Error("the object of the first night hides the next one: an event is lost")
	}
}

// An event that is larger than others must not make a batch that a worker cannot hold.
func TestBatchesAreBounded(t *testing.T) {
	in, db, _ := newInbox(t)
	ids := finished(t, in, db, 3)
	exec(t, db, "update event set body = decode(repeat('00', 9 << 20), 'hex')")
	s := &shelf{}
	archive(t, in, db, s)
	wantOnce(t, in, s, ids)
	if len(s.objects) != 2 {
		t.Errorf("three events of 9 MiB are in %d objects, want 2", len(s.objects))
	}
}

// `replay --state dead` also delivered again what had been delivered: a customer was billed twice. And nothing is sent
// to a destination that was added later.
func TestReplayOnlyTouchesTheState(t *testing.T) {
	in, db, _ := newInbox(t)
	id := finished(t, in, db, 1)[0]
	for _, name := range []string{"billing", "later"} {
		d := inbox.Destination{Name: name, Source: "demo", URL: "https://example.com", Secret: "0123456789abcdef",
			Concurrency: 1, MaxAttempts: 3}
		if err := in.AddDestination(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, db, "insert into delivery (event_id, destination, state) values ($1, 'billing', 'delivered')", id)
	started, err := in.ReplayOnly(t.Context(), id, "dead")
	list, _ := in.Events(t.Context(), inbox.Filter{Limit: 1})
	if err != nil || started != 1 || list[0].States != "billing delivered, sink pending" {
		t.Errorf("started %d, %v; now %q", started, err, list[0].States)
	}
	if started, err := in.ReplayOnly(t.Context(), id, "pending"); err != nil || started != 0 {
		t.Errorf("a pending delivery was started again: %d, %v", started, err)
	}
	if started, err := in.Replay(t.Context(), id, ""); err != nil || started != 2 {
		t.Errorf("a whole replay started %d, %v; want billing and later", started, err)
	}
	if _, err := in.Replay(t.Context(), "00000000-0000-7000-8000-000000000000", ""); !errors.Is(err, inbox.ErrNotFound) {
		t.Errorf("an event that is not there: %v", err)
	}
}

// Redrive starts dead deliveries again, but not forever. It never starts a quarantined one, and it finds deliveries
// that have lost their job.
func TestRedrive(t *testing.T) {
	in, db, _ := newInbox(t)
	dead, quarantined, jobless, fresh := accept(t, in, "1"), accept(t, in, "2"), accept(t, in, "3"), accept(t, in, "4")
	exec(t, db, "delete from river_job where args ->> 'event_id' <> $1", fresh)
	state := func(id, state string) {
		exec(t, db, "update delivery set state = $2, changed_at = now() - interval '31 minutes' where event_id = $1", id, state)
	}
	state(quarantined, "quarantined")
	state(jobless, "pending")
	state(fresh, "pending")
	for round, want := range []int{2, 1, 1, 0} {
		state(dead, "dead")
		started, err := in.Redrive(t.Context())
		if err != nil || started != want {
			t.Fatalf("round %d started %d, %v; want %d", round+1, started, err, want)
		}
	}
}
