package rollout

import (
	"context"
	"fmt"
	"time"
)

// carryOut does what plan decided. Nothing here waits: what takes time comes back through the inbox.
func (s *Service) carryOut(a action) {
	switch a.do {
	case start:
		s.start(s.state.number, s.state.primary.revision)
	case deregister:
		s.deregister(s.handles[a.task])
	case terminate:
		s.terminate(s.handles[a.task])
	case rest:
		d := s.state.primary
		strikes := d.strikes
		time.AfterFunc(pauseAfter(strikes), func() { s.send(func() { s.state.rested(d, strikes) }) })
	case rollBack:
		s.log.Warn("deployment is broken: rolling back", "revision", s.waitingFor(), "to", s.state.primary.revision, "reason", s.state.reason)
	case abandon:
		s.log.Warn("deployment is broken, and there is none to go back to", "revision", s.waitingFor(), "reason", s.state.reason)
	case halt:
		s.answer(fmt.Errorf("revision %s is broken, and stays as it is because Rollback is off: %s", s.waitingFor(), s.state.reason))
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
		s.log.Info("steady", "revision", s.state.primary.revision)
		s.answer(nil)
	case rolledBack:
		s.log.Info("rolled back", "revision", s.state.primary.revision)
		s.answer(&RolledBack{Revision: s.waitingFor(), To: s.state.primary.revision, Reason: s.state.reason})
	case abandoned:
		s.answer(fmt.Errorf("revision %s is broken, and there is none to go back to: %s", s.waitingFor(), s.state.reason))
	}
}

// start launches a task; until that is done, the task is launching.
func (s *Service) start(number int, revision string) {
	ctx, cancel := context.WithCancel(context.Background())
	h := &handle{number: number, cancel: cancel, status: Status{ID: s.state.name(number), Revision: revision, Started: time.Now()}}
	s.handles[number] = h
	go func() {
		task, err := s.launch(ctx, h.status.ID, revision)
		s.send(func() {
			if err != nil {
				s.gone(h, "could not be started: "+err.Error())
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
		s.gone(h, fmt.Sprintf("exit code %d%s", code, suffix(reason)))
	})
	if s.state.find(h.number).leaving() {
		task.Stop() // not wanted any more since it was launched
		return
	}
	s.state.launched(h.number)
	after := func(d time.Duration, change func()) { time.AfterFunc(d, func() { s.send(change) }) }
	if s.balancer == nil {
		after(settleTime, func() { s.state.checked(h.number, healthy) })
		return
	}
	h.status.Address = task.Address()
	h.target = s.balancer.Register(h.status.Address)
	after(s.settings.HealthGrace, func() { s.state.matured(h.number) })
	go s.await(h.target.Drained(), func() { s.state.drained(h.number) })
	go s.watch(h)
}

func suffix(reason string) string {
	if reason == "" {
		return ""
	}
	return ", " + reason
}

// await brings the end of something into the inbox.
func (s *Service) await(end <-chan struct{}, change func()) {
	select {
	case <-end:
		s.send(change)
	case <-s.done:
	}
}

// watch brings what the balancer thinks of a task into the inbox, until it has let go of it.
func (s *Service) watch(h *handle) {
	for {
		state, changed := h.target.Watch()
		s.send(func() { s.state.checked(h.number, healthOf(state)) })
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

// gone takes leave of a task that has exited, expected or not.
func (s *Service) gone(h *handle, reason string) {
	s.log.Info("task is gone", "task", h.status.ID, "revision", h.status.Revision, "exit", reason)
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
