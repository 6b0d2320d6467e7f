package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dozen/app/internal/testsuite"
)

// Every release stops every web task. The load balancer still sends requests for some seconds, and web must answer
// all of them, even those that have only begun when it stops accepting connections.
func TestWebDropsNothingOnSIGTERM(t *testing.T) {
	w := newWorld(t)
	const lag = 2 * time.Second
	web := start(t, w.env.with("ROUTING_LAG_SECONDS", "2").with("DRAIN_SECONDS", "8"), "web")
	web.until("/readyz", 200, 10*time.Second)
	var routed atomic.Bool // whether the load balancer still sends requests
	routed.Store(true)
	var accepted atomic.Int64
	var load sync.WaitGroup
	for range 6 {
		client := newClient(t, 1)
		load.Go(func() {
			for routed.Load() {
				if _, err := post(client, web.url("/in/demo"), "", []byte(`{}`)); err != nil {
					t.Errorf("a request was dropped: %v", err)
					return
				}
				accepted.Add(1)
			}
		})
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return atLeast(accepted.Load(), 50) })
	stopped := time.Now()
	if err := web.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(lag*3/4, func() { routed.Store(false) })
	load.Wait()
	before := accepted.Load()
	// A Spot task that is interrupted stays registered: livez must send the load balancer elsewhere.
	if status := web.status("/livez"); status != http.StatusServiceUnavailable {
		t.Errorf("livez answers %d while web is draining, want 503", status)
	}
	// This request takes longer than the rest of the lag.
	body := &slowBody{text: `{"slow":true}`, pause: 150 * time.Millisecond}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.url("/in/demo"), body)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = int64(len(body.text))
	request.Header.Set("X-Signature", sign([]byte(body.text)))
	response, err := newClient(t, 1).Do(request)
	if err != nil || response.StatusCode != http.StatusAccepted {
		t.Fatalf("the running request was cut off: %v, %v", response, err)
	}
	_ = response.Body.Close()
	if code := web.wait(10 * time.Second); code != 0 || time.Since(stopped) > 8*time.Second || time.Since(stopped) < lag {
		t.Errorf("web ended with %d after %s", code, time.Since(stopped))
	}
	var stored int64
	if err := w.db.QueryRow(t.Context(), "select count(*) from event").Scan(&stored); err != nil || stored != before+1 {
		t.Errorf("%d events are stored, %v; %d were accepted", stored, err, before+1)
	}
}

func atLeast(have, want int64) error {
	if have < want {
		return fmt.Errorf("%d, waiting for %d", have, want)
	}
	return nil
}

// slowBody returns one byte at a time, after a pause.
type slowBody struct {
	text  string
	pause time.Duration
	next  int
}

func (b *slowBody) Read(into []byte) (int, error) {
	if b.next == len(b.text) {
		return 0, io.EOF
	}
	time.Sleep(b.pause)
	into[0] = b.text[b.next]
	b.next++
	return 1, nil
}

// A release stops workers in the middle of their deliveries. They finish those for which there is time, and nothing is
// delivered twice or lost.
func TestWorkerFinishesItsJobsOnSIGTERM(t *testing.T) {
	w := newWorld(t)
	w.sink.answers(func(http.ResponseWriter, *http.Request) { time.Sleep(400 * time.Millisecond) })
	web, worker := start(t, w.env, "web"), start(t, w.env, "worker")
	web.until("/readyz", 200, 10*time.Second)
	client := newClient(t, 4)
	for range 40 {
		if _, err := post(client, web.url("/in/demo"), "", []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return atLeast(int64(len(w.sink.received())), 12) })
	if code := worker.terminate(); code != 0 {
		t.Errorf("worker ended with %d:\n%s", code, strings.Join(worker.lines(""), "\n"))
	}
	var running, leases int
	err := w.db.QueryRow(t.Context(), `select
		(select count(*) from river_job where state = 'running'), (select count(*) from lease)`).Scan(&running, &leases)
	if err != nil || running+leases != 0 {
		t.Errorf("%d running jobs and %d leases are left, %v", running, leases, err)
	}
	if got := len(w.sink.received()); got == 40 {
		t.Fatal("everything was delivered before the stop: the test proves nothing")
	}
	start(t, w.env, "worker")
	testsuite.Eventually(t, 20*time.Second, func() error { return w.settled(t.Context()) })
	for id, count := range w.sink.received() {
		if count != 1 {
			t.Errorf("event %s was delivered %d times", id, count)
		}
	}
}

// A delivery that takes too long is returned to the queue, at once and uncounted.
func TestWorkerReturnsUnfinishedJobs(t *testing.T) {
	w := newWorld(t)
	w.sink.holds(t)
	web, worker := start(t, w.env, "web"), start(t, w.env.with("DRAIN_SECONDS", "3"), "worker")
	web.until("/readyz", 200, 10*time.Second)
	if _, err := post(newClient(t, 1), web.url("/in/demo"), "", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	testsuite.Eventually(t, 10*time.Second, func() error { return atLeast(int64(len(w.sink.received())), 1) })
	stopped := time.Now()
	if code := worker.terminate(); code != 0 || time.Since(stopped) > 3*time.Second {
		t.Errorf("worker ended with %d after %s:\n%s", code, time.Since(stopped), strings.Join(worker.lines(""), "\n"))
	}
	var state string
	var attempt int
	err := w.db.QueryRow(t.Context(), "select state::text, attempt from river_job").Scan(&state, &attempt)
	if err != nil || state != "available" || attempt != 0 {
		t.Errorf("job is %s after attempt %d, %v; want available, uncounted", state, attempt, err)
	}
}

// A person who presses Ctrl-C twice does not want to wait.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	w := newWorld(t)
	web := start(t, w.env.with("ROUTING_LAG_SECONDS", "20").with("DRAIN_SECONDS", "30"), "web")
	web.until("/livez", 200, 10*time.Second)
	_ = web.cmd.Process.Signal(syscall.SIGTERM)
	web.untilLine("web is draining", 5*time.Second)
	stopped := time.Now()
	_ = web.cmd.Process.Signal(syscall.SIGINT)
	if code := web.wait(15 * time.Second); code == 0 || time.Since(stopped) > 10*time.Second {
		t.Errorf("web ended with %d after %s", code, time.Since(stopped))
	}
}
