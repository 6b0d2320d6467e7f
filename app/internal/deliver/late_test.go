package deliver

import (
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

// A worker that was away for a while comes back with a failure, but its job was given to another meanwhile, which has
// delivered the event: dead would be wrong, and the redrive would send it again.
func TestLateWorkerDoesNotUndoADelivery(t *testing.T) {
	for _, c := range []struct{ jobState, delivery, want string }{
		{"completed", "delivered", "delivered"}, // the other has finished
		{"running", "pending", "pending"},       // the other is at it: its attempt is the third
		{"available", "pending", "pending"},     // the other has been interrupted too
	} {
		db := testsuite.Database(t)
		event, id := runningJob(t, db, "another", 3)
		_, err := db.Exec(t.Context(), `update river_job set state = $1::river_job_state,
			finalized_at = case when $1 = 'completed' then now() end`, c.jobState)
		if err == nil {
			_, err = db.Exec(t.Context(), "update delivery set state = $1", c.delivery)
		}
		if err != nil {
			t.Fatal(err)
		}
		late := &river.Job[inbox.Delivery]{Args: inbox.Delivery{EventID: event, Destination: "sink"},
			JobRow: &rivertype.JobRow{ID: id, Attempt: 2, MaxAttempts: 2, State: rivertype.JobStateRunning}}
		jobs, err := inbox.NewJobs(db, &river.Config{})
		if err != nil {
			t.Fatal(err)
		}
		in := inbox.New(db, jobs)
		if err := in.Record(t.Context(), late, inbox.Outcome{Status: 500, Error: "late"}); err != nil {
			t.Fatal(err)
		}
		_, states, attempts, err := in.Event(t.Context(), event)
		if err != nil || states[0].State != c.want || len(attempts) != 1 {
			t.Errorf("job %s: the delivery is %s, %v; want %s", c.jobState, states[0].State, err, c.want)
		}
	}
	// In time, it is dead.
	db := testsuite.Database(t)
	event, id := runningJob(t, db, "worker", 2)
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	in := inbox.New(db, jobs)
	job := &river.Job[inbox.Delivery]{Args: inbox.Delivery{EventID: event, Destination: "sink"},
		JobRow: &rivertype.JobRow{ID: id, Attempt: 2, MaxAttempts: 2, State: rivertype.JobStateRunning}}
	if err := in.Record(t.Context(), job, inbox.Outcome{Status: 500, Error: "in time"}); err != nil {
		t.Fatal(err)
	}
	if _, states, _, err := in.Event(t.Context(), event); err != nil || states[0].State != "dead" {
		t.Errorf("after its last attempt the delivery is %v, %v", states, err)
	}
}

// A job that has lost its workers for the last time does not undo what one of them has delivered.
func TestQuarantineDoesNotUndoADelivery(t *testing.T) {
	db := testsuite.Database(t)
	event, _ := runningJob(t, db, "gone", maxLost)
	if _, err := db.Exec(t.Context(), "update delivery set state = 'delivered'"); err != nil {
		t.Fatal(err)
	}
	renewAndCollect(t, lease(t, db, "watcher"))
	var state string
	err := db.QueryRow(t.Context(), "select state from delivery where event_id = $1", event).Scan(&state)
	if err != nil || state != "delivered" {
		t.Errorf("the delivery is %s, %v", state, err)
	}
}
