package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/database"
	"dozen/app/internal/testsuite"
)

func stoppable(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	return ctx, stop
}

// A worker that is busy for some seconds must not count as dead, and a dead one's jobs must run again within 15 seconds.
func TestSilenceIsSeveralBeats(t *testing.T) {
	if Silence < 3*Silence/beats || Silence < 5*time.Second || Silence+2*Silence/beats > 15*time.Second {
		t.Errorf("silence %s, a beat each %s", Silence, Silence/beats)
	}
}

func TestQuarantineNamesItsNumber(t *testing.T) {
	if maxLost != 5 || !strings.Contains(quarantinedError, "fifth") {
		t.Errorf("%d lost starts, but the page says %q", maxLost, quarantinedError)
	}
}

// The lease lists a job as long as it runs: before, it would be collected, and afterwards never.
func TestLeaseKnowsItsJobs(t *testing.T) {
	l := NewLease(nil, nil, "worker", Silence)
	inside := func(ctx context.Context) error {
		if _, listed := l.running[7]; !listed {
			t.Error("a running job is not listed")
		}
		return context.Canceled
	}
	if err := l.Work(t.Context(), &rivertype.JobRow{ID: 7}, inside); !errors.Is(err, context.Canceled) {
		t.Errorf("the job's error became %v", err)
	}
	if len(l.running) != 0 {
		t.Errorf("jobs %v are listed after their end", l.running)
	}
}

// Each beat is a later time, and lists what is running now. A watcher sees that.
func TestBeatMoves(t *testing.T) {
	db := testsuite.Database(t)
	l, watcher := lease(t, db, "worker"), lease(t, db, "watcher")
	read := func() (beat time.Time, jobs []int64) {
		t.Helper()
		if err := db.QueryRow(t.Context(), "select beat, jobs from lease where worker = 'worker'").Scan(&beat, &jobs); err != nil {
			t.Fatal(err)
		}
		return beat, jobs
	}
	renewAndCollect(t, l)
	first, _ := read()
	renewAndCollect(t, watcher)
	sight := watcher.seen["worker"]
	watcher.seen["worker"] = sighting{sight.beat, time.Now().Add(-2 * Silence)}
	l.running[7] = struct{}{}
	renewAndCollect(t, l)
	second, jobs := read()
	if !second.After(first) || !slices.Equal(jobs, []int64{7}) {
		t.Errorf("the beats are %s and %s, the second with %v", first, second, jobs)
	}
	silent, err := watcher.silentWorkers(t.Context())
	if err != nil || len(silent) != 0 {
		t.Errorf("%v are silent, %v, though they beat", silent, err)
	}
}

// The end of one worker must not make the jobs of others look lost.
func TestEndDeletesItsOwnLease(t *testing.T) {
	db := testsuite.Database(t)
	one, other := lease(t, db, "one"), lease(t, db, "other")
	renewAndCollect(t, one)
	renewAndCollect(t, other)
	if err := one.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := leases(t, db); !slices.Equal(left, []string{"other"}) {
		t.Errorf("left are %v", left)
	}
}

func leases(t *testing.T, db *database.DB) (workers []string) {
	t.Helper()
	if err := db.QueryRow(t.Context(), "select coalesce(array_agg(worker order by worker), '{}') from lease").Scan(&workers); err != nil {
		t.Fatal(err)
	}
	return workers
}

// Silence is silent for all of its time.
func TestSilenceIsExact(t *testing.T) {
	db := testsuite.Database(t)
	renewAndCollect(t, lease(t, db, "worker"))
	watcher := lease(t, db, "watcher")
	renewAndCollect(t, watcher)
	beat := watcher.seen["worker"].beat
	for age, want := range map[time.Duration]int{Silence - time.Second: 0, Silence: 1} {
		watcher.seen = map[string]sighting{"worker": {beat, time.Now().Add(-age)}}
		silent, err := watcher.silentWorkers(t.Context())
		if err != nil || len(silent) != want {
			t.Errorf("after %s %v are silent, %v", age, silent, err)
		}
	}
}

// The lease beats until its worker ends, and then no more: nobody would collect its jobs.
func TestLeaseRunsUntilItsEnd(t *testing.T) {
	db := testsuite.Database(t)
	l := NewLease(db, slog.New(slog.DiscardHandler), "worker", 200*time.Millisecond)
	ctx, stop := stoppable(t)
	ended := make(chan struct{})
	go func() { defer close(ended); l.Run(ctx) }()
	beats := map[time.Time]bool{}
	testsuite.Eventually(t, 20*time.Second, func() error {
		var beat *time.Time
		err := db.QueryRow(t.Context(), "select max(beat) from lease").Scan(&beat)
		if err == nil && beat != nil {
			beats[*beat] = true
		}
		if err == nil && len(beats) < 3 {
			err = fmt.Errorf("%d beats", len(beats))
		}
		return err
	})
	stop()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the lease runs on")
	}
}

// A renewal that hangs must end before others take the worker for dead, and the log must say so.
func TestRenewalIsBounded(t *testing.T) {
	db := testsuite.Database(t)
	blocker, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = blocker.Rollback(context.Background()) }()
	if _, err := blocker.Exec(t.Context(), "lock table lease"); err != nil {
		t.Fatal(err)
	}
	log := &journal{}
	const silence = 400 * time.Millisecond
	l := NewLease(db, slog.New(slog.NewTextHandler(log, nil)), "worker", silence)
	began, renewed := time.Now(), make(chan error, 1)
	go func() { renewed <- l.renewAndCollect(context.Background()) }()
	select {
	case err := <-renewed:
		if took := time.Since(began); err == nil || took < silence/4 {
			t.Errorf("a renewal that hangs: %v after %s", err, took)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a renewal hangs for longer than the silence")
	}
	ctx, stop := stoppable(t)
	ended := make(chan struct{})
	go func() { defer close(ended); l.Run(ctx) }()
	testsuite.Eventually(t, 10*time.Second, func() error {
		if !strings.Contains(log.String(), "cannot renew the lease") {
			return fmt.Errorf("the log says %q", log.String())
		}
		return nil
	})
	stop()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the lease runs on")
	}
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// A worker that others take for dead must not judge them.
func TestWhoCannotBeatCollectsNothing(t *testing.T) {
	db := testsuite.Database(t)
	_, job := runningJob(t, db, "gone", 1)
	_, err := db.Exec(t.Context(), `create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
		create trigger refuse before insert on lease for each row execute function refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	if err := lease(t, db, "watcher").renewAndCollect(t.Context()); err == nil {
		t.Error("a beat that failed is no error")
	}
	if got := stateOf(t, db, job); got.state != "running" {
		t.Errorf("job is %+v", got)
	}
}
