package rollout

import "slices"

// action is one thing to do. The service records it in the state with done, and then does it.
type action struct {
	do   verb
	task int // number of the task; 0 for actions on the whole service
}

type verb int

const (
	start      verb = iota // a task of the primary deployment
	deregister             // the task gets no new requests
	terminate              // SIGTERM
	beginPause             // the pause before the next start
	rollBack               // the previous release is the wanted one again
	abandon                // no task is wanted any more
	halt                   // the deployment has failed and is left as it is
	conclude               // what was wanted is reached
)

// plan decides what to do now. It is a pure function, and is called after each event.
func plan(s state) []action {
	if broken(&s) {
		return []action{{do: verdict(&s)}}
	}
	actions := overdue(&s)
	if s.primary != nil && s.primary.pause == pauseDue {
		actions = append(actions, action{do: beginPause})
	}
	missing, room := starts(&s)
	for range min(missing, room) {
		actions = append(actions, action{do: start})
	}
	for _, t := range s.replaceable(missing - room) {
		actions = append(actions, s.stop(t)...)
	}
	if s.settled() {
		actions = append(actions, action{do: conclude})
	}
	return actions
}

// broken reports whether the circuit breaker opens.
func broken(s *state) bool {
	limit := s.settings.FailuresToRollBack
	return s.outcome == underway && limit > 0 && s.primary != nil && s.primary.failures >= limit
}

func verdict(s *state) verb {
	switch {
	case !s.settings.Rollback:
		return halt
	case s.lastSteady == nil:
		return abandon
	}
	return rollBack
}

// overdue returns the next steps of the tasks that must stop whatever else happens: those that are drained, and those
// that failed.
func overdue(s *state) []action {
	var actions []action
	for i := range s.tasks {
		t := &s.tasks[i]
		switch {
		case t.phase == draining && t.drained:
			actions = append(actions, action{terminate, t.number})
		case t.failed && !t.leaving():
			actions = append(actions, s.stop(t)...)
		}
	}
	return actions
}

// stop returns the first steps of stopping a task.
func (s *state) stop(t *task) []action {
	deregister, terminate := action{deregister, t.number}, action{terminate, t.number}
	switch {
	case t.phase == launching || !s.balanced:
		return []action{terminate}
	case s.settings.StopOrder == DeregisterFirst:
		return []action{deregister}
	case s.settings.StopOrder == TerminateFirst:
		return []action{terminate, deregister}
	}
	return []action{deregister, terminate}
}

// starts returns how many tasks the primary deployment lacks, and how many may start. Tasks that are still stopping
// take up room: otherwise two schedulers would run at once.
func starts(s *state) (missing, room int) {
	if s.primary == nil || s.primary.pause != noPause || s.outcome == halted {
		return 0, 0
	}
	_, upper := s.settings.bounds()
	return max(0, s.settings.Desired-s.count(s.current, staying)), max(0, upper-len(s.tasks))
}

// replaceable returns the tasks of old deployments that can stop now:
//
//   - a task that was never healthy can, because it serves nobody;
//   - a task that was healthy can when other tasks have taken its place, or when it takes the room of a new task that
//     is blocked;
//   - a healthy task can only while enough other healthy tasks remain.
func (s *state) replaceable(blocked int) []*task {
	if s.primary == nil {
		return s.candidates() // no task is wanted: all of them stop
	}
	lower, _ := s.settings.bounds()
	serving := s.count(staying, hasServed)
	remaining := s.count(staying, isHealthy)
	blocked -= len(s.tasks) - s.count(staying) // those make room soon
	var going []*task
	for _, t := range s.candidates() {
		switch {
		case !t.served:
		case blocked <= 0 && serving <= s.settings.Desired:
			continue
		case t.health == healthy && remaining <= lower:
			continue
		}
		going = append(going, t)
		blocked--
		if t.served {
			serving--
		}
		if t.health == healthy {
			remaining--
		}
	}
	return going
}

// candidates returns the tasks of old deployments that are not stopping yet, the least useful first: those that never
// served before unhealthy before healthy, new before old.
func (s *state) candidates() []*task {
	var tasks []*task
	for i := range s.tasks {
		if t := &s.tasks[i]; staying(t) && !s.current(t) {
			tasks = append(tasks, t)
		}
	}
	slices.SortFunc(tasks, func(a, b *task) int {
		if by := a.usefulness() - b.usefulness(); by != 0 {
			return by
		}
		return b.number - a.number
	})
	return tasks
}

// settled reports whether what was wanted is reached: as many healthy tasks as desired, all of the primary deployment.
func (s *state) settled() bool {
	switch s.outcome {
	case underway, rollingBack:
		desired := s.settings.Desired
		return len(s.tasks) == desired && s.count(s.current, staying, isHealthy) == desired
	case abandoning:
		return len(s.tasks) == 0
	}
	return false
}

// done records an action in the state, before it is carried out.
func (s *state) done(a action) {
	switch a.do {
	case start:
		s.number++
		s.tasks = append(s.tasks, task{number: s.number, deployment: s.primary})
	case deregister:
		if t := s.find(a.task); t.phase < draining {
			t.phase = draining
		}
	case terminate:
		s.find(a.task).phase = stopping
	case beginPause:
		s.primary.pause = pausing
	case rollBack:
		s.primary, s.outcome = s.lastSteady, rollingBack
	case abandon:
		s.primary, s.outcome = nil, abandoning
	case halt:
		s.outcome = halted
	case conclude:
		s.lastSteady = s.primary
		s.outcome = map[outcome]outcome{underway: steady, rollingBack: rolledBack, abandoning: abandoned}[s.outcome]
	}
}
