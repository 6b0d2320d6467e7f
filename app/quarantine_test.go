package main

import (
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

// workerOf finds the process that runs an event's job right now.
func (w *world) workerOf(event string) (pid int, err error) {
	var id string // host-pid-time
	err = w.db.QueryRow(w.t.Context(), `select attempted_by[cardinality(attempted_by)] from river_job
		where state = 'running' and args ->> 'event_id' = $1`, event).Scan(&id)
	if err != nil {
		return 0, err
	}
	words := strings.Split(id, "-")
	return strconv.Atoi(words[max(len(words)-2, 0)])
}

// One event whose delivery crashes every worker must not take all of them
// down for ever: after its fifth victim it is set aside, says why, and the
// other events have been delivered all along.
func TestEventThatKillsItsWorkersIsQuarantined(t *testing.T) {
	w := newWorld(t)
	web := start(t, w.env, "web")
	web.until("/readyz", 200, 10*time.Second)
	client := newClient(t, 1)
	accept := func() string {
		t.Helper()
		id, err := post(client, web.url("/in/demo"), "", []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	deadly := accept()
	victims := make(chan int, 20)
	w.sink.answers(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Dozen-Event") != deadly {
			return
		}
		pid, err := w.workerOf(deadly)
		if err != nil || pid <= 1 { // a kill of process 0 would be our own
			t.Errorf("nobody runs the event: %d, %v", pid, err)
			return
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
		victims <- pid
	})
	workers := map[int]*instance{}
	startWorker := func() {
		p := start(t, w.env.with(silence, "3s"), "worker")
		workers[p.cmd.Process.Pid] = p
	}
	startWorker()
	startWorker()
	for range 5 {
		select {
		case pid := <-victims:
			if worker := workers[pid]; worker == nil || worker.wait(10*time.Second) != -1 {
				t.Fatalf("process %d is no worker of ours that was killed", pid)
			}
			delete(workers, pid)
		case <-time.After(30 * time.Second):
			t.Fatal("the event does not come again")
		}
		startWorker() // as the platform does
		other := accept()
		testsuite.Eventually(t, 20*time.Second, func() error { return atLeast(int64(w.sink.received()[other]), 1) })
	}
	testsuite.Eventually(t, 30*time.Second, func() error { return w.settled(t.Context()) })
	if left := len(victims); left > 0 || len(workers) != 2 || w.sink.received()[deadly] != 5 {
		t.Errorf("the event was started %d times and killed %d more workers", w.sink.received()[deadly], left)
	}
	list, err := w.in.Events(t.Context(), inbox.Filter{State: "quarantined", Limit: 10})
	if err != nil || len(list) != 1 || list[0].ID != deadly {
		t.Fatalf("quarantined are %+v, %v; want %s", list, err, deadly)
	}
	_, _, attempts, err := w.in.Event(t.Context(), deadly)
	if err != nil || len(attempts) != 5 || attempts[0].Error == "" || !strings.Contains(attempts[4].Error, "quarantined") {
		t.Errorf("attempts are %+v, %v; want five, and in the last one why it ended", attempts, err)
	}
	logged := 0
	for _, p := range workers {
		for _, line := range p.lines("too often and is quarantined") {
			if strings.Contains(line, deadly) {
				logged++
			}
		}
	}
	if logged != 1 {
		t.Errorf("%d lines of the log name the quarantined event, want 1", logged)
	}
}
