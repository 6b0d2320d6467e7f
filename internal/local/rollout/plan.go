package rollout

import "slices"

// action is one thing to do. The service does it, and notes it in the state by done.
type action struct {
	do   verb
	task int // number of the task; 0 for actions on the whole service
}

type verb int

const (
	start      verb = iota // a task of the primary deployment
	deregister             // the task gets no new requests
	terminate              // SIGTERM
	rest                   // begin the pause before the next start
	rollBack               // the previous revision is the wanted one again
	abandon                // nothing is wanted any more
	halt                   // the deployment is broken, and stays as it is
	conclude               // the service is steady
)

// plan says what to do now. It is a pure function, and asked again after everything that happens.
func plan(s state) []action {
	if broken(&s) {
		return []action{{do: verdict(&s)}}
	}
	actions := farewells(&s)
	if s.primary != nil && s.primary.pause == pauseDue {
		actions = append(actions, action{do: rest})
	}
	missing, room := starts(&s)
	for range min(missing, room) {
		actions = append(actions, action{do: start})
	}
	for _, t := range s.superfluous(missing - room) {
		actions = append(actions, s.farewell(t)...)
	}
	if s.settled() {
		actions = append(actions, action{do: conclude})
	}
	return actions
}

// broken says that the breaker opens.
func broken(s *state) bool {
	limit := s.settings.FailuresToRollBack
	return s.outcome == underway && limit > 0 && s.primary != nil && s.primary.failures >= limit
}

func verdict(s *state) verb {
	switch {
	case !s.settings.Rollback:
		return halt
	case s.complete == nil:
		return abandon
	}
	return rollBack
}

// farewells are the next steps of the tasks that have to go whatever else happens.
func farewells(s *state) []action {
	var actions []action
	for i := range s.tasks {
		t := &s.tasks[i]
		switch {
		case t.phase == draining && t.drained:
			actions = append(actions, action{terminate, t.number})
		case t.failed && !t.leaving():
			actions = append(actions, s.farewell(t)...)
		}
	}
	return actions
}

// farewell is how a task begins to go.
func (s *state) farewell(t *task) []action {
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

// starts are the tasks that the primary deployment lacks, and how many may start. Tasks that are still stopping take up
// room: otherwise two schedulers would overlap.
func starts(s *state) (missing, room int) {
	if s.primary == nil || s.primary.pause != noPause || s.outcome == halted {
		return 0, 0
	}
	_, upper := s.settings.bounds(s.desired)
	return max(0, s.desired-s.count(s.current, staying)), max(0, upper-len(s.tasks))
}

// superfluous are the tasks that can go now. One that was never healthy serves nobody. One that was may go when others have
// taken its place, or when it blocks the start of new ones (so many are blocked), and only while enough healthy ones are left.
func (s *state) superfluous(blocked int) []*task {
	if s.primary == nil {
		return s.candidates() // nothing is wanted: all go
	}
	lower, _ := s.settings.bounds(s.desired)
	serving := s.count(staying, hasServed)
	left := s.count(staying, isHealthy)
	blocked -= len(s.tasks) - s.count(staying) // those leave room soon
	excess := s.count(s.current, staying) - s.desired
	var going []*task
	for _, t := range s.candidates() {
		current := s.current(t)
		switch {
		case current && excess <= 0:
			continue
		case !t.served:
		case blocked <= 0 && serving <= s.desired:
			continue
		case t.health == healthy && left <= lower:
			continue
		}
		going = append(going, t)
		blocked--
		if current {
			excess--
		}
		if t.served {
			serving--
		}
		if t.health == healthy {
			left--
		}
	}
	return going
}

// candidates are the tasks that may be superfluous, those first that are missed least: of an old deployment before the
// primary one, those that never served before unhealthy before healthy, new before old.
func (s *state) candidates() []*task {
	var tasks []*task
	for i := range s.tasks {
		if staying(&s.tasks[i]) {
			tasks = append(tasks, &s.tasks[i])
		}
	}
	slices.SortFunc(tasks, func(a, b *task) int {
		if s.current(a) != s.current(b) {
			if s.current(b) {
				return -1
			}
			return 1
		}
		if by := a.worth() - b.worth(); by != 0 {
			return by
		}
		return b.number - a.number
	})
	return tasks
}

// settled says that what was wanted is reached: as many healthy tasks as desired, all of the primary deployment.
func (s *state) settled() bool {
	switch s.outcome {
	case underway, rollingBack:
		return len(s.tasks) == s.desired && s.count(s.current, staying, isHealthy) == s.desired
	case abandoning:
		return len(s.tasks) == 0
	}
	return false
}

// done notes an action, before it is carried out.
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
	case rest:
		s.primary.pause = pausing
	case rollBack:
		s.primary, s.outcome = s.complete, rollingBack
	case abandon:
		s.primary, s.outcome = nil, abandoning
	case halt:
		s.outcome = halted
	case conclude:
		s.complete = s.primary
		s.outcome = map[outcome]outcome{underway: steady, rollingBack: rolledBack, abandoning: abandoned}[s.outcome]
	}
}
