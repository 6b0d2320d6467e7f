package rollout

import (
	"context"
	"fmt"
	"time"
)

// carryOut does what plan decided. Nothing here waits: the outcome of what takes time comes back through the inbox.
func (s *Service) carryOut(a action) {
	switch a.do {
	case start:
		s.start(s.state.number, s.state.primary.release)
	case deregister:
		s.deregister(s.handles[a.task])
	case terminate:
		s.terminate(s.handles[a.task])
	case beginPause:
		d := s.state.primary
		strikes := d.strikes
		time.AfterFunc(pauseAfter(strikes), func() { s.send(func() { s.state.pauseEnded(d, strikes) }) })
	case rollBack:
		s.log.Warn("release failed: rolling back",
			"revision", s.waitingFor(), "to", s.state.primary.release, "reason", s.state.reason)
	case abandon:
		s.log.Warn("release failed: there is no earlier release to roll back to",
			"revision", s.waitingFor(), "reason", s.state.reason)
	case halt:
		s.answer(fmt.Errorf("release %s failed and is left as it is, because Rollback is off: %s",
			s.waitingFor(), s.state.reason))
	case conclude:
		s.conclude()
	}
}

func pauseAfter(strikes int) time.Duration {
	pause := firstPause
	for range strikes - 1 {
		pause = min(2*pause, longestPause)
	}
	return pause
}

func (s *Service) conclude() {
	switch s.state.outcome {
	case steady:
		s.log.Info("steady", "revision", s.state.primary.release)
		s.answer(nil)
	case rolledBack:
		s.log.Info("rolled back", "revision", s.state.primary.release)
		s.answer(&RolledBack{Release: s.waitingFor(), To: s.state.primary.release, Reason: s.state.reason})
	case abandoned:
		s.answer(fmt.Errorf("release %s failed and there is no earlier release to roll back to: %s",
			s.waitingFor(), s.state.reason))
	}
}

// start begins to launch a task, whose phase is launching until it runs.
func (s *Service) start(number int, release string) {
	ctx, cancel := context.WithCancel(context.Background())
	status := Status{ID: s.state.name(number), Release: release, Started: time.Now()}
	h := &handle{number: number, cancel: cancel, status: status}
	s.handles[number] = h
	go func() {
		task, err := s.launch(ctx, h.status.ID, release)
		s.send(func() {
			if err != nil {
				s.exited(h, "could not be started: "+err.Error())
				return
			}
			s.launched(h, task)
		})
	}()
}

func (s *Service) launched(h *handle, task Task) {
	h.task = task
	go s.await(h.task.Done(), func() {
		code, reason := task.Exit()
		s.exited(h, fmt.Sprintf("exit code %d%s", code, suffix(reason)))
	})
	if s.state.find(h.number).leaving() {
		task.Stop() // it was no longer wanted while it was launching
		return
	}
	s.state.launched(h.number)
	after := func(d time.Duration, change func()) { time.AfterFunc(d, func() { s.send(change) }) }
	if s.balancer == nil {
		after(settleTime, func() { s.state.checked(h.number, healthy, "") })
		return
	}
	h.status.Address = task.Address()
	h.target = s.balancer.Register(h.status.Address)
	after(s.settings.HealthGrace, func() { s.state.graceEnded(h.number) })
	go s.await(h.target.Drained(), func() { s.state.drained(h.number) })
	go s.watch(h)
}

func suffix(reason string) string {
	if reason == "" {
		return ""
	}
	return ", " + reason
}

// await sends the change to the inbox when end is closed.
func (s *Service) await(end <-chan struct{}, change func()) {
	select {
	case <-end:
		s.send(change)
	case <-s.done:
	}
}

// watch sends the health of a task's target to the inbox, until the target is drained.
func (s *Service) watch(h *handle) {
	for {
		state, changed := h.target.Watch()
		why := h.target.Reason()
		s.send(func() { s.state.checked(h.number, healthOf(state), why) })
		select {
		case <-changed:
		case <-h.target.Drained():
			return
		}
	}
}

func (s *Service) deregister(h *handle) {
	if h.target != nil {
		h.target.Deregister()
	}
}

func (s *Service) terminate(h *handle) {
	if h.task == nil {
		h.cancel()
		return
	}
	h.task.Stop()
}

// exited removes a task that has exited, expected or not.
func (s *Service) exited(h *handle, reason string) {
	s.log.Info("task has exited", "task", h.status.ID, "revision", h.status.Release, "exit", reason)
	s.deregister(h)
	h.cancel()
	s.state.exited(h.number, reason)
	delete(s.handles, h.number)
	h.status.State, h.status.Exit = "stopped", reason
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = append(s.stopped, h.status)
	if len(s.stopped) > remembered {
		s.stopped = s.stopped[1:]
	}
}
