package rollout

import (
	"fmt"
	"slices"
)

// The events of a service. Each one only changes the state; plan decides what follows.

// deployed makes a release the wanted one. Tasks of earlier deployments are replaced, even if the release is the same.
func (s *state) deployed(release string) {
	s.deployments++
	s.primary = &deployment{number: s.deployments, release: release}
	s.outcome, s.reason = underway, ""
}

// stopRequested: the service must stop; no task is wanted any more.
func (s *state) stopRequested() {
	s.closing, s.primary, s.lastSteady, s.outcome = true, nil, nil, abandoning
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

// checked: the health of the task has changed, and why it is unhealthy. Without a balancer, the task has run for settleTime.
func (s *state) checked(number int, is health, why string) {
	t := s.find(number)
	if t == nil || t.leaving() || t.failed {
		return
	}
	t.health, t.why = is, why
	if is == healthy {
		t.served = true
		t.deployment.strikes, t.deployment.pause = 0, noPause
		if s.settings.ResetOnHealthy {
			t.deployment.failures = 0
		}
	}
	s.judge(t)
}

// graceEnded: the task's grace period is over.
func (s *state) graceEnded(number int) {
	if t := s.find(number); t != nil && staying(t) {
		t.graceOver = true
		s.judge(t)
	}
}

func (s *state) judge(t *task) {
	if t.graceOver && t.health == unhealthy {
		s.fail(t, s.unhealthy(t))
	}
}

// unhealthy says what the health checks of a task find.
func (s *state) unhealthy(t *task) string {
	text := "its health checks fail"
	if !t.served && s.settings.HealthGrace > 0 {
		text += fmt.Sprintf(" %s after its start (Web.StartBudget)", s.settings.HealthGrace)
	}
	if t.why != "" {
		text += ": " + t.why
	}
	return text
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

// drained: the task gets no more requests, and none is in flight.
func (s *state) drained(number int) {
	if t := s.find(number); t != nil {
		t.drained = true
	}
}

// pauseEnded: the pause that began after that many failures in a row is over.
func (s *state) pauseEnded(d *deployment, strikes int) {
	if d.pause == pausing && d.strikes == strikes {
		d.pause = noPause
	}
}
