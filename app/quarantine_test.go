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

// workerOf returns the process that is running an event's job.
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

// An event whose delivery crashes every worker must not crash them forever. After the fifth crash it is quarantined,
// with the reason in its last attempt. All the time, other events are delivered.
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
		if err != nil || pid <= 1 { // killing process 0 would kill this test
			t.Errorf("no process is running the event: %d, %v", pid, err)
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
				t.Fatalf("process %d is not one of our workers, or was not killed", pid)
			}
			delete(workers, pid)
		case <-time.After(30 * time.Second):
			t.Fatal("the event is not delivered again")
		}
		startWorker() // as ECS does
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
		t.Errorf("attempts are %+v, %v; want five, the last one with the reason for the quarantine", attempts, err)
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
