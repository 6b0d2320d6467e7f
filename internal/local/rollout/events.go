package rollout

import (
	"fmt"
	"slices"
)

// What happens to a service. Each event only notes it; plan decides what follows.

// deployed makes a revision the wanted one. Tasks of an earlier one are replaced, also when it has the same name.
func (s *state) deployed(revision string) {
	s.number++
	s.primary = &deployment{number: s.number, revision: revision}
	s.outcome, s.reason = underway, ""
}

func (s *state) scaled(desired int) { s.desired = desired }

// closed: the service is to stop, and nothing is wanted any more.
func (s *state) closed() {
	s.closing, s.primary, s.complete, s.outcome = true, nil, nil, abandoning
}

func (s *state) launched(number int) {
	if t := s.find(number); t != nil && t.phase == launching {
		t.phase = running
	}
}

// exited: the task is gone, or could not be launched.
func (s *state) exited(number int, reason string) {
	t := s.find(number)
	if t == nil {
		return
	}
	if staying(t) {
		s.fail(t, reason)
	}
	s.tasks = slices.DeleteFunc(s.tasks, func(t task) bool { return t.number == number })
}

// checked: the balancer thinks otherwise of the task than before; without a balancer, it has settled.
func (s *state) checked(number int, is health) {
	t := s.find(number)
	if t == nil || t.leaving() || t.failed {
		return
	}
	t.health = is
	if is == healthy {
		t.served = true
		t.deployment.strikes, t.deployment.pause = 0, noPause
		if s.settings.ResetOnHealthy {
			t.deployment.failures = 0
		}
	}
	s.judge(t)
}

// matured: the grace period is over.
func (s *state) matured(number int) {
	if t := s.find(number); t != nil && staying(t) {
		t.graceOver = true
		s.judge(t)
	}
}

func (s *state) judge(t *task) {
	if t.graceOver && t.health == unhealthy {
		s.fail(t, "its health checks fail")
	}
}

// fail counts a failed task, once.
func (s *state) fail(t *task, reason string) {
	t.failed = true
	d := t.deployment
	d.failures++
	d.strikes++
	d.pause = pauseDue
	if s.current(t) && s.outcome == underway {
		s.reason = fmt.Sprintf("%s: %s", s.name(t.number), reason)
	}
}

// drained: the balancer sends nothing to the task any more, and nothing is in flight.
func (s *state) drained(number int) {
	if t := s.find(number); t != nil {
		t.drained = true
	}
}

// rested: the pause that began after so many failures in a row is over.
func (s *state) rested(d *deployment, strikes int) {
	if d.pause == pausing && d.strikes == strikes {
		d.pause = noPause
	}
}
