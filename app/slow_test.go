package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
	"dozen/app/internal/testsuite"
	"dozen/app/internal/upkeep"
)

// backlogOf gives a destination jobs, as many hours of posts do.
func (w *world) backlogOf(destination string, jobs int) {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), `
		with stored as (
			insert into event (id, source, delivery_id, content_type, headers, body)
			select gen_random_uuid(), 'demo', $1 || number, 'text/plain', '{}', 'x' from generate_series(1, $2::int) number
			returning id
		), planned as (
			insert into delivery (event_id, destination) select id, $1 from stored returning event_id
		)
		insert into river_job (kind, queue, args, max_attempts, created_at, scheduled_at)
		select 'deliver', 'worker', jsonb_build_object('event_id', event_id, 'destination', $1), 12,
			now() - interval '1 hour', now() - interval '1 hour' from planned`, destination, jobs)
	if err != nil {
		w.t.Fatal(err)
	}
}

// A destination that hangs, with many jobs waiting, delayed the events of all others by as long as it takes to fetch
// and postpone all of its jobs, again and again: 15 seconds with 20,000. And the alarm did not see them wait.
func TestHangingDestinationDelaysNobody(t *testing.T) {
	const waiting = 20_000
	for _, concurrency := range []int{1, 4, 64} {
		t.Run(fmt.Sprintf("concurrency %d", concurrency), func(t *testing.T) {
			w := newWorld(t)
			hanging := newSink(t)
			hanging.holds(t)
			if err := w.in.AddSource(t.Context(), inbox.Source{Name: "other", Scheme: "hmac", Secret: testSecret, RatePerMinute: 1}); err != nil {
				t.Fatal(err)
			}
			d := inbox.Destination{Name: "hanging", Source: "other", URL: hanging.URL, Secret: testSecret, AllowPrivate: true,
				Concurrency: concurrency, MaxAttempts: 12}
			if err := w.in.AddDestination(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			startBinary(t, w.env, "worker").untilLine("worker started", 10*time.Second)
			alone := w.slowest(12)
			w.backlogOf("hanging", waiting)
			testsuite.Eventually(t, 5*time.Second, func() error { return atLeast(int64(len(hanging.received())), 1) })
			slowest := w.slowest(12) // at the start, and when all jobs are put off
			t.Logf("the slowest of 12 events took %s alone and %s while another destination hangs", alone, slowest)
			if delay := slowest - alone; delay > time.Second {
				t.Errorf("an event is delayed by %s, want less than a second", delay)
			}
			var snoozes int
			err := w.db.QueryRow(t.Context(), "select coalesce(sum((metadata ->> 'snoozes')::int), 0) from river_job").Scan(&snoozes)
			if err != nil || snoozes > 1000 {
				t.Errorf("jobs were put off one by one %d times, %v", snoozes, err)
			}
			backlog, age := w.backlog()
			if backlog < waiting || age < 3600 {
				t.Errorf("the backlog is %v, and its age %v s; want %d and an hour", backlog, age, waiting)
			}
		})
	}
}

// slowest returns how long the slowest of some events took from its acceptance to its destination.
func (w *world) slowest(events int) (longest time.Duration) {
	w.t.Helper()
	for range events {
		start := time.Now()
		id, _, err := w.in.Accept(w.t.Context(), inbox.Event{Source: "demo", ContentType: "text/plain", Body: []byte("x")})
		if err != nil {
			w.t.Fatal(err)
		}
		testsuite.Eventually(w.t, 30*time.Second, func() error { return atLeast(int64(w.sink.received()[id]), 1) })
		longest = max(longest, time.Since(start))
	}
	return longest
}

func (w *world) backlog() (jobs, age float64) {
	w.t.Helper()
	var out bytes.Buffer
	err := w.db.InTx(w.t.Context(), func(tx pgx.Tx) error {
		return upkeep.Backlog(w.t.Context(), tx, metric.New(&out, "test", "scheduler"))
	})
	var line struct{ Backlog, BacklogAge float64 }
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &line)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return line.Backlog, line.BacklogAge
}

// When a slow destination is well again, it gets its events as fast as it can take them, not when they are due.
func TestRecoveredDestinationCatchesUp(t *testing.T) {
	const waiting = 3000
	w := newWorld(t)
	release := w.sink.holds(t)
	if _, err := w.db.Exec(t.Context(), "update destination set concurrency = 4"); err != nil {
		t.Fatal(err)
	}
	w.backlogOf("sink", waiting)
	for range 2 { // each takes jobs that the other has brought forward
		startBinary(t, w.env, "worker").untilLine("worker started", 10*time.Second)
	}
	testsuite.Eventually(t, 10*time.Second, func() error {
		var off int
		err := w.db.QueryRow(t.Context(), "select count(*) from river_job where scheduled_at > now()").Scan(&off)
		if err == nil && off < waiting*9/10 {
			err = fmt.Errorf("%d of %d jobs are put off", off, waiting)
		}
		return err
	})
	release()
	w.sink.answers(nil)
	start := time.Now()
	testsuite.Eventually(t, 2*time.Minute, func() error { return w.settled(t.Context()) }) // one by one: 150 s
	t.Logf("%d events after the recovery took %s", waiting, time.Since(start))
	if got := len(w.sink.received()); got != waiting {
		t.Errorf("%d events received, want %d", got, waiting)
	}
}
