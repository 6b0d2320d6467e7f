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

// runningJob stores an event whose job has been running in the given worker for a minute; it is the job's given start.
func runningJob(t *testing.T, db *database.DB, worker string, start int) (event string, job int64) {
	t.Helper()
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	in := inbox.New(db, jobs)
	s := inbox.Source{Name: "demo", Scheme: "hmac", Secret: "0123456789abcdef", RatePerMinute: 1}
	if err := in.AddSource(t.Context(), s); err != nil {
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

func renewAndCollect(t *testing.T, l *Lease) {
	t.Helper()
	if err := l.renewAndCollect(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type jobState struct {
	state             string
	attempt, attempts int
}

func stateOf(t *testing.T, db *database.DB, job int64) (s jobState) {
	t.Helper()
	err := db.QueryRow(t.Context(), "select state::text, attempt, max_attempts from river_job where id = $1", job).
		Scan(&s.state, &s.attempt, &s.attempts)
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
		renewAndCollect(t, lease(t, db, "watcher"))
		// The lost start must not use up one of the three attempts.
		if got := stateOf(t, db, job); got != (jobState{"available", 1, 4}) {
			t.Errorf("job is %+v", got)
		}
	})
	t.Run("worker is alive and lists the job", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "alive", 1)
		alive, watcher := lease(t, db, "alive"), lease(t, db, "watcher")
		alive.running[job] = struct{}{}
		for range 3 {
			renewAndCollect(t, alive)
			renewAndCollect(t, watcher)
		}
		if got := stateOf(t, db, job); got.state != "running" {
			t.Errorf("job is %+v: now it runs twice", got)
		}
	})
	t.Run("worker is alive and does not list the job", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "alive", 1)
		if err := lease(t, db, "alive").Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		renewAndCollect(t, lease(t, db, "watcher"))
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
		renewAndCollect(t, lease(t, db, "watcher"))
		if got := stateOf(t, db, job); got.state != "running" {
			t.Errorf("job is %+v: its worker had no time to list it", got)
		}
	})
	t.Run("just started, and its worker has no lease yet", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "new", 1)
		if _, err := db.Exec(t.Context(), "update river_job set attempted_at = now() - interval '2 seconds'"); err != nil {
			t.Fatal(err)
		}
		renewAndCollect(t, lease(t, db, "watcher"))
		if got := stateOf(t, db, job); got.state != "running" {
			t.Errorf("job is %+v: its worker had no time to beat", got)
		}
	})
	t.Run("worker is silent, by the watcher's own clock", func(t *testing.T) {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "killed", 1)
		killed, watcher := lease(t, db, "killed"), lease(t, db, "watcher")
		killed.running[job] = struct{}{}
		renewAndCollect(t, killed)
		// An old row alone proves nothing: there may have been an outage of the database.
		if _, err := db.Exec(t.Context(), "update lease set beat = now() - interval '10 minutes'"); err != nil {
			t.Fatal(err)
		}
		renewAndCollect(t, watcher)
		if got := stateOf(t, db, job); got.state != "running" {
			t.Fatalf("job is %+v: collected because of the row's age", got)
		}
		// Nor does a silence during which the watcher itself was cut off.
		seen := watcher.seen["killed"]
		watcher.seen["killed"] = sighting{seen.beat, time.Now().Add(-Silence)}
		away, cut := context.WithCancel(t.Context())
		cut()
		if watcher.renewAndCollect(away) == nil {
			t.Fatal("renewAndCollect succeeds without the database")
		}
		renewAndCollect(t, watcher)
		if got := stateOf(t, db, job); got.state != "running" {
			t.Fatalf("job is %+v: collected after an outage", got)
		}
		watcher.seen["killed"] = sighting{seen.beat, time.Now().Add(-Silence)}
		renewAndCollect(t, watcher)
		if got := stateOf(t, db, job); got.state != "available" {
			t.Errorf("job is %+v: not collected after the silence", got)
		}
	})
}

// An event that crashes every worker must not crash them forever.
func TestJobThatKillsItsWorkersIsQuarantined(t *testing.T) {
	for start, want := range map[int]string{maxLost - 1: "available", maxLost: "discarded"} {
		db := testsuite.Database(t)
		event, job := runningJob(t, db, "gone", start)
		renewAndCollect(t, lease(t, db, "watcher"))
		var delivery string
		if err := db.QueryRow(t.Context(), "select state from delivery where event_id = $1", event).Scan(&delivery); err != nil {
			t.Fatal(err)
		}
		got := stateOf(t, db, job).state
		if got != want || (delivery == "quarantined") != (want == "discarded") {
			t.Errorf("after %d lost starts: job %s, delivery %s; want job %s", start, got, delivery, want)
		}
	}
	// A start that ended in an error is not lost.
	db := testsuite.Database(t)
	_, job := runningJob(t, db, "gone", maxLost)
	if _, err := db.Exec(t.Context(), "update river_job set errors = array['{}'::jsonb]"); err != nil {
		t.Fatal(err)
	}
	renewAndCollect(t, lease(t, db, "watcher"))
	if got := stateOf(t, db, job); got.state != "available" {
		t.Errorf("job is %+v: failures count as crashes", got)
	}
}

func TestLeaseEndsWithItsWorker(t *testing.T) {
	db := testsuite.Database(t)
	l := lease(t, db, "worker")
	l.running[7] = struct{}{}
	renewAndCollect(t, l)
	var jobs []int64
	err := db.QueryRow(t.Context(), "select jobs from lease where worker = 'worker'").Scan(&jobs)
	if err != nil || !slices.Equal(jobs, []int64{7}) {
		t.Errorf("lease lists %v, %v", jobs, err)
	}
	if err := l.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := db.QueryRow(t.Context(), "select count(*) from lease").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d leases are left, %v", left, err)
	}
}
