package deliver

import (
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

// A job that two watchers collect would be lost twice, and be quarantined too early; one that waits for the other holds up
// its own beat.
func TestTwoWatchersCollectOnce(t *testing.T) {
	db := testsuite.Database(t)
	event, job := runningJob(t, db, "gone", 1)
	first, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Exec(t.Context(), "select from river_job where id = $1 for update", job); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	renewAndCollect(t, lease(t, db, "watcher"))
	if took := time.Since(began); took > Silence/4 {
		t.Errorf("a watcher waits for another one: %s", took)
	}
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := stateOf(t, db, job); got.state != "running" {
		t.Errorf("a job that another watcher had is %+v", got)
	}
	renewAndCollect(t, lease(t, db, "watcher"))
	var losses int
	err = db.QueryRow(t.Context(), "select count(*) from attempt where event_id = $1", event).Scan(&losses)
	if got := stateOf(t, db, job); err != nil || got != (jobState{"available", 1, 4}) || losses != 1 {
		t.Errorf("the job is %+v with %d losses, %v", got, losses, err)
	}
}

// What is not running cannot be lost.
func TestFinishedJobsAreNotCollected(t *testing.T) {
	for _, state := range []string{"completed", "discarded", "cancelled", "retryable"} {
		db := testsuite.Database(t)
		_, job := runningJob(t, db, "gone", 1)
		_, err := db.Exec(t.Context(), `update river_job set state = $1::river_job_state,
			finalized_at = case when $1 <> 'retryable' then now() end`, state)
		if err != nil {
			t.Fatal(err)
		}
		renewAndCollect(t, lease(t, db, "watcher"))
		if got := stateOf(t, db, job); got.state != state {
			t.Errorf("a job that was %s is %s", state, got.state)
		}
	}
}

// The event's other deliveries go on.
func TestQuarantineIsOfOneDelivery(t *testing.T) {
	b := newBench(t, nil)
	b.addDestination(t, "other")
	if _, err := b.db.Exec(t.Context(), "update river_job set attempt = $1", maxLost); err != nil {
		t.Fatal(err)
	}
	renewAndCollect(t, lease(t, b.db, "watcher"))
	// The bench's worker has no lease, so its job is lost for the last time.
	_, states, _, err := b.in.Event(t.Context(), b.job.Args.EventID)
	if err != nil || len(states) != 2 || states[0].State != "pending" || states[1].State != "quarantined" {
		t.Errorf("the deliveries are %+v, %v", states, err)
	}
}

// The event's page says what has become of an attempt.
func TestALossIsRecorded(t *testing.T) {
	for start, want := range map[int]string{1: lostError, maxLost: quarantinedError} {
		b := newBench(t, nil)
		if _, err := b.db.Exec(t.Context(), "update river_job set attempt = $1", start); err != nil {
			t.Fatal(err)
		}
		renewAndCollect(t, lease(t, b.db, "watcher"))
		_, attempts := b.state(t)
		if len(attempts) != 1 || attempts[0].Error != want || attempts[0].TookMS < 59_000 || strings.Contains(want, "%") {
			t.Errorf("after start %d the attempts are %+v", start, attempts)
		}
	}
}

// The lease of a worker that was killed stays until its jobs are surely collected, and not for good.
func TestOldLeasesAreForgotten(t *testing.T) {
	db := testsuite.Database(t)
	for worker, age := range map[string]string{"an hour": "61 minutes", "a while": "59 minutes"} {
		if err := lease(t, db, worker).Beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), "update lease set beat = now() - $2::interval where worker = $1", worker, age); err != nil {
			t.Fatal(err)
		}
	}
	watcher := lease(t, db, "watcher")
	renewAndCollect(t, watcher)
	for worker, sight := range watcher.seen {
		watcher.seen[worker] = sighting{sight.beat, time.Now().Add(-Silence)}
	}
	renewAndCollect(t, watcher)
	if left := leases(t, db); !slices.Equal(left, []string{"a while", "watcher"}) {
		t.Errorf("left are %v", left)
	}
}
