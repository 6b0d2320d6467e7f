package inbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

// The archive may have chosen an event, and not have committed yet. A replay waits for it, and is then refused: otherwise
// the event would be in the archive with a delivery that is pending.
func TestReplayWaitsForTheArchive(t *testing.T) {
	for what, replay := range map[string]func(*inbox.Inbox, string) (int, error){
		"a replay":          func(in *inbox.Inbox, id string) (int, error) { return in.Replay(context.Background(), id, "") },
		"a replay of dead":  func(in *inbox.Inbox, id string) (int, error) { return in.ReplayOnly(context.Background(), id, "dead") },
		"a replay of sinks": func(in *inbox.Inbox, id string) (int, error) { return in.Replay(context.Background(), id, "sink") },
	} {
		in, db, _ := newInbox(t)
		id := finished(t, in, db, 1)[0]
		archive, err := db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = archive.Rollback(context.Background()) }()
		for _, sql := range []string{"select from event where id = $1::uuid for no key update",
			`insert into river_job (kind, queue, max_attempts, args)
				values ('archive_batch', 'upkeep', 5, jsonb_build_object('events', jsonb_build_array($1::text)))`} {
			if _, err := archive.Exec(t.Context(), sql, id); err != nil {
				t.Fatal(err)
			}
		}
		var started int
		replayed := make(chan error, 1)
		go func() { var err error; started, err = replay(in, id); replayed <- err }()
		testsuite.Eventually(t, 10*time.Second, func() error {
			if len(replayed) > 0 {
				return nil
			}
			return waiting(t.Context(), db)
		})
		if err := archive.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case err = <-replayed:
		case <-time.After(10 * time.Second):
			t.Fatal("a replay does not end")
		}
		if started != 0 || !errors.Is(err, inbox.ErrArchiving) {
			t.Errorf("%s started %d, %v; want a refusal", what, started, err)
		}
	}
}

// A replay for one destination goes to no other, and none goes to a destination of another source.
func TestReplayForOneDestination(t *testing.T) {
	in, db, _ := newInbox(t)
	other := inbox.Source{Name: "other", Scheme: "hmac", Secret: "0123456789abcdef", RatePerMinute: 1}
	if err := in.AddSource(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]string{"billing": "demo", "stranger": "other"} {
		d := inbox.Destination{Name: name, Source: source, URL: "https://example.com", Secret: "0123456789abcdef", Concurrency: 1, MaxAttempts: 3}
		if err := in.AddDestination(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	id := accept(t, in, "x")
	exec(t, db, "update delivery set state = 'dead'")
	for _, c := range []struct {
		destination string
		started     int
		states      string
	}{
		{"stranger", 0, "billing dead, sink dead"},
		{"billing", 1, "billing pending, sink dead"},
		{"", 1, "billing pending, sink pending"},
	} {
		started, err := in.Replay(t.Context(), id, c.destination)
		list, _ := in.Events(t.Context(), inbox.Filter{Limit: 1})
		if err != nil || started != c.started || list[0].States != c.states {
			t.Errorf("a replay for %q started %d, %v; now %q, want %q", c.destination, started, err, list[0].States, c.states)
		}
	}
}

// A destination that has just failed needs some time, and a delivery that was just planned has its job on the way.
func TestRedriveIsPatient(t *testing.T) {
	in, db, _ := newInbox(t)
	finished(t, in, db, 1)
	for age, want := range map[string]int{"29 minutes": 0, "31 minutes": 1} {
		exec(t, db, "update delivery set state = 'dead', redrives = 0, changed_at = now() - $1::interval", age)
		if started, err := in.Redrive(t.Context()); err != nil || started != want {
			t.Errorf("%s after its death: started %d, %v; want %d", age, started, err, want)
		}
	}
}

// Two redrives at once, or one and the archive, must not start a delivery twice, and not wait for each other.
func TestTwoRedrivesAtOnce(t *testing.T) {
	for what, lock := range map[string]string{"another redrive": "select from delivery for update", "the archive": "select from event for no key update"} {
		in, db, _ := newInbox(t)
		finished(t, in, db, 1)
		first, err := db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := first.Exec(t.Context(), lock); err != nil {
			t.Fatal(err)
		}
		soon, done := context.WithTimeout(t.Context(), 5*time.Second)
		if started, err := in.Redrive(soon); started != 0 || err != nil {
			t.Errorf("a redrive next to %s started %d, %v", what, started, err)
		}
		done()
		if err := first.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		if started, err := in.Redrive(t.Context()); started != 1 || err != nil {
			t.Errorf("a redrive after %s started %d, %v", what, started, err)
		}
	}
}

// What is started again has one job, with all of its destination's attempts.
func TestReplayHasAJob(t *testing.T) {
	for what, restart := range map[string]func(*inbox.Inbox, string) (int, error){
		"replay":      func(in *inbox.Inbox, id string) (int, error) { return in.Replay(context.Background(), id, "") },
		"replay dead": func(in *inbox.Inbox, id string) (int, error) { return in.ReplayOnly(context.Background(), id, "dead") },
		"redrive":     func(in *inbox.Inbox, _ string) (int, error) { return in.Redrive(context.Background()) },
	} {
		in, db, _ := newInbox(t)
		id := finished(t, in, db, 1)[0]
		if started, err := restart(in, id); err != nil || started != 1 {
			t.Fatalf("%s started %d, %v", what, started, err)
		}
		wantJob(t, db, id)
	}
}

// An event, its deliveries and their jobs are written together, and only for the destinations of its source.
func TestAcceptPlansItsDeliveries(t *testing.T) {
	in, db, _ := newInbox(t)
	other := inbox.Source{Name: "other", Scheme: "hmac", Secret: "0123456789abcdef", RatePerMinute: 1}
	if err := in.AddSource(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	d := inbox.Destination{Name: "stranger", Source: "other", URL: "https://example.com", Secret: "0123456789abcdef", Concurrency: 1, MaxAttempts: 9}
	if err := in.AddDestination(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	id := accept(t, in, "x")
	wantJob(t, db, id)
	if next := accept(t, in, "x"); next == id {
		t.Error("two events without an id of their own are one")
	}
}

// Each limit is of what a person types, and is there for a reason: see the fields.
func TestValidate(t *testing.T) {
	good := inbox.Destination{Name: "billing", URL: "https://example.com/x?y", Secret: "0123456789abcdef", Concurrency: 1, MaxAttempts: 1}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*inbox.Destination){
		"name":             func(d *inbox.Destination) { d.Name = "Billing" },
		"without a user":   func(d *inbox.Destination) { d.URL = "https://user:password@example.com/" },
		"write http":       func(d *inbox.Destination) { d.URL = "file:///etc/passwd" },
		"with a host":      func(d *inbox.Destination) { d.URL = "https:///x" },
		"secret":           func(d *inbox.Destination) { d.Secret = "0123456789abcde" },
		"concurrency 0":    func(d *inbox.Destination) { d.Concurrency = 0 },
		"concurrency 1001": func(d *inbox.Destination) { d.Concurrency = 1001 },
		"attempts 0":       func(d *inbox.Destination) { d.MaxAttempts = 0 },
		"attempts 101":     func(d *inbox.Destination) { d.MaxAttempts = 101 },
	} {
		bad := good
		change(&bad)
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "password@") {
			t.Errorf("%+v: %v, want %q", bad, err, want)
		}
	}
}
