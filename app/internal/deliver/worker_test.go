package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertest"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
	"dozen/app/internal/testsuite"
)

// bench is a worker with one job, of an event for a destination that answers.
type bench struct {
	db       *database.DB
	in       *inbox.Inbox
	worker   *Worker
	job      *river.Job[inbox.Delivery]
	jobs     *inbox.Jobs
	received atomic.Int64
}

// work works the bench's job as River does.
func (b *bench) work(ctx context.Context) error {
	return b.worker.Work(rivertest.WorkContext(ctx, b.jobs), b.job)
}

func newBench(t *testing.T, answer http.HandlerFunc) *bench {
	t.Helper()
	b := &bench{db: testsuite.Database(t)}
	event, id := runningJob(t, b.db, "worker", 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.received.Add(1)
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	if _, err := b.db.Exec(t.Context(), "update destination set url = $1, allow_private = true", server.URL); err != nil {
		t.Fatal(err)
	}
	jobs, err := inbox.NewJobs(b.db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	b.jobs, b.in = jobs, inbox.New(b.db, jobs)
	b.worker = NewWorker(b.in, slog.New(slog.DiscardHandler), metric.New(io.Discard, "", "worker"), 8)
	b.job = &river.Job[inbox.Delivery]{Args: inbox.Delivery{EventID: event, Destination: "sink"},
		JobRow: &rivertype.JobRow{ID: id, Attempt: 1, MaxAttempts: 3, State: rivertype.JobStateRunning}}
	return b
}

// state returns the state of the delivery and the number of its attempts.
func (b *bench) state(t *testing.T) (state string, attempts []inbox.Attempt) {
	t.Helper()
	_, states, attempts, err := b.in.Event(t.Context(), b.job.Args.EventID)
	if err != nil {
		t.Fatal(err)
	}
	return states[0].State, attempts
}

// A worker may start a job whose event has been delivered, or is gone, and one whose destination has no room.
func TestWorkerSendsOnce(t *testing.T) {
	b := newBench(t, nil)
	for range 2 { // the job was started again although its outcome had been recorded
		if err := b.work(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if state, attempts := b.state(t); state != "delivered" || len(attempts) != 1 || b.received.Load() != 1 {
		t.Errorf("the delivery is %s after %d attempts, and was received %d times", state, len(attempts), b.received.Load())
	}

	b = newBench(t, nil)
	b.worker.busy.take(t.Context(), "sink", 1, 99) // as many as it takes at once
	var snoozed *river.JobSnoozeError
	if err := b.work(t.Context()); !errors.As(err, &snoozed) || b.received.Load() != 0 {
		t.Errorf("a destination without room got %d requests: %v", b.received.Load(), err)
	}
	b.worker.busy.give("sink", 99)
	if err := b.work(t.Context()); err != nil || b.received.Load() != 1 {
		t.Errorf("a destination with room got %d requests: %v", b.received.Load(), err)
	}
	if running := len(b.worker.busy.known["sink"].running); running != 0 {
		t.Errorf("%d requests are running after their end", running)
	}

	b = newBench(t, nil)
	if _, err := b.db.Exec(t.Context(), "delete from event"); err != nil {
		t.Fatal(err)
	}
	var cancelled *river.JobCancelError
	if err := b.work(t.Context()); !errors.As(err, &cancelled) {
		t.Errorf("the job of an event that is gone: %v", err)
	}
}

// A database that is away or busy makes every outcome late. The destinations are not slow for that: all their jobs would be put off.
func TestSlowDatabaseIsNotBlamedOnTheDestination(t *testing.T) {
	b := newBench(t, nil)
	tx, err := b.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "lock table attempt in exclusive mode"); err != nil {
		t.Fatal(err)
	}
	worked := make(chan error, 1)
	go func() { worked <- b.work(t.Context()) }()
	testsuite.Eventually(t, 10*time.Second, func() error {
		if running := b.running(); b.received.Load() == 0 || running > 0 {
			return fmt.Errorf("%d requests are received and %d are running", b.received.Load(), running)
		}
		return nil
	})
	select {
	case err := <-worked:
		t.Fatalf("the outcome is recorded in spite of the lock: %v", err)
	default:
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-worked:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the outcome is never recorded")
	}
}

// running returns how many requests of the bench's destination are running.
func (b *bench) running() (running int) {
	b.worker.busy.locked("sink", func(d *destination) { running = len(d.running) })
	return running
}

// What a destination has received while the process stops is recorded: otherwise it gets the event twice. What it has not
// received is no failure of the destination.
func TestWorkerRecordsWhileItStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	b := newBench(t, nil)
	b.worker.sender.private.Transport = stopAfter{b.worker.sender.private.Transport, stop}
	if err := b.work(ctx); err != nil {
		t.Errorf("a delivery while the process stops: %v", err)
	}
	if state, _ := b.state(t); state != "delivered" {
		t.Errorf("what was received is %s", state)
	}

	ctx, stop = context.WithCancel(t.Context())
	b = newBench(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // before, the server does not notice that the client is gone
		stop()
		<-r.Context().Done()
	})
	b.job.Attempt, b.job.MaxAttempts = 3, 3
	if err := b.work(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted delivery: %v", err)
	}
	if state, attempts := b.state(t); state != "pending" || len(attempts) != 0 {
		t.Errorf("an interrupted delivery is %s after %d attempts", state, len(attempts))
	}
}

// stopAfter ends a context when an answer has come.
type stopAfter struct {
	http.RoundTripper
	stop func()
}

func (s stopAfter) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.RoundTripper.RoundTrip(r)
	s.stop()
	return response, err
}

// Each outcome is recorded with its attempt, for its own destination, and ends its job.
func TestRecord(t *testing.T) {
	for _, c := range []struct {
		attempt, status  int
		problem          string
		delivery, jobNow string
	}{
		{1, 200, "", "delivered", "completed"},
		{1, 500, "no", "pending", "running"}, // River sets the time of the next attempt
		{2, 0, "no answer", "pending", "running"},
		{3, 500, "no", "dead", "running"},
	} {
		b := newBench(t, nil)
		if _, err := b.db.Exec(t.Context(), "update river_job set attempt = $1", c.attempt); err != nil {
			t.Fatal(err)
		}
		b.addDestination(t, "other")
		b.job.Attempt = c.attempt
		out := inbox.Outcome{Status: c.status, Error: c.problem, Took: time.Second}
		if err := b.in.Record(rivertest.WorkContext(t.Context(), b.jobs), b.job, out); err != nil {
			t.Fatal(err)
		}
		_, states, attempts, err := b.in.Event(t.Context(), b.job.Args.EventID)
		if err != nil || len(states) != 2 || states[0].State != "pending" || states[1].State != c.delivery {
			t.Errorf("%+v: the deliveries are %+v, %v", c, states, err)
		}
		if len(attempts) != 1 || attempts[0].Destination != "sink" || attempts[0].Error != c.problem || attempts[0].TookMS != 1000 ||
			(attempts[0].Status == nil) != (c.status == 0) {
			t.Errorf("%+v: the attempts are %+v", c, attempts)
		}
		if job := stateOf(t, b.db, b.job.ID); job.state != c.jobNow {
			t.Errorf("%+v: the job is %s", c, job.state)
		}
	}
}

// addDestination plans the event for one more destination.
func (b *bench) addDestination(t *testing.T, name string) {
	t.Helper()
	d := inbox.Destination{Name: name, Source: "demo", URL: "http://x", Secret: "0123456789abcdef", Concurrency: 1, MaxAttempts: 3}
	err := b.in.AddDestination(t.Context(), d)
	if err == nil {
		_, err = b.db.Exec(t.Context(), "insert into delivery (event_id, destination) values ($1, $2)", b.job.Args.EventID, name)
	}
	if err != nil {
		t.Fatal(err)
	}
}
