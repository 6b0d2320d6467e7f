package deliver

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

func TestMain(m *testing.M) { testsuite.Main(m) }

// runningJob stores an event whose job is running at the given worker, for the
// given start, since a while ago.
func runningJob(t *testing.T, db *database.DB, worker string, start int) (event string, job int64) {
	t.Helper()
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	in := inbox.New(db, jobs)
	if err := in.AddSource(t.Context(), inbox.Source{Name: "demo", Scheme: "hmac", Secret: "0123456789abcdef", RatePerMinute: 1}); err != nil {
		t.Fatal(err)
	}
	d := inbox.Destination{Name: "sink", Source: "demo", URL: "http://x", Secret: "0123456789abcdef", Concurrency: 1, MaxAttempts: 3}
	if err := in.AddDestination(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if event, _, err = in.Accept(t.Context(), inbox.Event{Source: "demo", ContentType: "text/plain", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	err = db.QueryRow(t.Context(), `update river_job set state = 'running', attempt = $2, attempted_by = array['another', $3],
		attempted_at = now() - interval '1 minute' where args ->> 'event_id' = $1 returning id`, event, start, worker).Scan(&job)
	if err != nil {
		t.Fatal(err)
	}
	return event, job
}

func lease(t *testing.T, db *database.DB, worker string) *Lease {
	t.Helper()
	return NewLease(db, slog.New(slog.DiscardHandler), worker, Silence)
}

func turn(t *testing.T, l *Lease) {
	t.Helper()
	if err := l.turn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type jobState struct {
	state             string
	attempt, attempts int
}

func stateOf(t *testing.T, db *database.DB, job int64) (s jobState) {
	t.Helper()
	err := db.QueryRow(t.Context(), "select state::text, attempt, max_attempts from river_job where id = $1", job).Scan(&s.state, &s.attempt, &s.attempts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A job must run again when its worker is gone, and at no other time.
func TestOnlyLostJobsAreCollected(t *testing.T) {
	t.Run("no lease at all", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "gone", 1)
		turn(t, lease(t, db, "looker"))
		// The lost start must not use up one of the three attempts.
		if got := stateOf(t, db, job); got != (jobState{"available", 1, 4}) {
			t.Errorf("job is %+v", got)
		}
	})
	t.Run("worker lives and names it", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "alive", 1)
		alive, looker := lease(t, db, "alive"), lease(t, db, "looker")
		alive.running[job] = struct{}{}
		for range 3 {
			turn(t, alive)
			turn(t, looker)
		}
		if got := stateOf(t, db, job); got.state != "running" {
			t.Errorf("job is %+v: it runs twice now", got)
		}
	})
	t.Run("worker lives but has lost it", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "alive", 1)
		if err := lease(t, db, "alive").Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		turn(t, lease(t, db, "looker"))
		if got := stateOf(t, db, job); got.state != "available" {
			t.Errorf("job is %+v: stuck for an hour", got)
		}
	})
	t.Run("just started", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "alive", 1)
		if _, err := db.Exec(t.Context(), "update river_job set attempted_at = now()"); err != nil {
			t.Fatal(err)
		}
		if err := lease(t, db, "alive").Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		turn(t, lease(t, db, "looker"))
		if got := stateOf(t, db, job); got.state != "running" {
			t.Errorf("job is %+v: its worker had no time to name it", got)
		}
	})
	t.Run("worker is silent, seen by the looker's own clock", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "killed", 1)
		killed, looker := lease(t, db, "killed"), lease(t, db, "looker")
		killed.running[job] = struct{}{}
		turn(t, killed)
		// An old row alone proves nothing: the database may have been away.
		if _, err := db.Exec(t.Context(), "update lease set beat = now() - interval '10 minutes'"); err != nil {
			t.Fatal(err)
		}
		turn(t, looker)
		if got := stateOf(t, db, job); got.state != "running" {
			t.Fatalf("job is %+v: collected for the row's age", got)
		}
		// Nor does a silence in which the looker itself was cut off.
		seen := looker.seen["killed"]
		looker.seen["killed"] = sighting{seen.beat, time.Now().Add(-Silence)}
		away, cut := context.WithCancel(t.Context())
		cut()
		if looker.turn(away) == nil {
			t.Fatal("a turn without the database succeeds")
		}
		turn(t, looker)
		if got := stateOf(t, db, job); got.state != "running" {
			t.Fatalf("job is %+v: collected after an outage", got)
		}
		looker.seen["killed"] = sighting{seen.beat, time.Now().Add(-Silence)}
		turn(t, looker)
		if got := stateOf(t, db, job); got.state != "available" {
			t.Errorf("job is %+v: not collected after the silence", got)
		}
	})
}

// A body that crashes every worker must not take all of them down for ever.
func TestJobThatKillsItsWorkersIsQuarantined(t *testing.T) {
	for start, want := range map[int]string{maxLost - 1: "available", maxLost: "discarded"} {
		db := testsuite.Database(t)
		event, job := runningJob(t, db, "gone", start)
		turn(t, lease(t, db, "looker"))
		var delivery string
		if err := db.QueryRow(t.Context(), "select state from delivery where event_id = $1", event).Scan(&delivery); err != nil {
			t.Fatal(err)
		}
		got := stateOf(t, db, job).state
		if got != want || (delivery == "quarantined") != (want == "discarded") {
			t.Errorf("after %d lost starts: job %s, delivery %s; want job %s", start, got, delivery, want)
		}
	}
	// Starts that ended in an error are no lost ones.
	db := testsuite.Database(t)
	_, job := runningJob(t, db, "gone", maxLost)
	if _, err := db.Exec(t.Context(), "update river_job set errors = array['{}'::jsonb]"); err != nil {
		t.Fatal(err)
	}
	turn(t, lease(t, db, "looker"))
	if got := stateOf(t, db, job); got.state != "available" {
		t.Errorf("job is %+v: failures count as crashes", got)
	}
}

func TestLeaseEndsWithItsWorker(t *testing.T) {
	db := testsuite.Database(t)
	l := lease(t, db, "worker")
	l.running[7] = struct{}{}
	turn(t, l)
	var jobs []int64
	if err := db.QueryRow(t.Context(), "select jobs from lease where worker = 'worker'").Scan(&jobs); err != nil || !slices.Equal(jobs, []int64{7}) {
		t.Errorf("lease names %v, %v", jobs, err)
	}
	if err := l.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow(t.Context(), "select count(*) from lease").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d leases are left, %v", left, err)
	}
}
