package rollout

import "fmt"

// state is all that plan looks at. It knows no clock: what takes time comes back as an event, so that a test can let
// everything happen in any order.
type state struct {
	settings Settings
	balanced bool // there is a balancer
	desired  int
	primary  *deployment // what the service is to run; nil before the first, and when there is nothing to run
	complete *deployment // the last one that became steady: what a rollback goes back to
	tasks    []task      // in the order of their start, until they are gone
	number   int         // of tasks and deployments so far
	outcome  outcome
	reason   string // the last failure of a task in the latest Deploy
	closing  bool   // Stop was called
}

// outcome is how the latest Deploy stands.
type outcome int

const (
	underway outcome = iota
	steady
	rollingBack // the previous revision is on its way back
	rolledBack
	abandoning // there is nothing to go back to: all tasks stop
	abandoned
	halted // broken, and the settings want no rollback
)

// deployment is one Deploy. Two may have the same revision.
type deployment struct {
	number   int
	revision string
	failures int // what the breaker counts
	strikes  int // failures in a row, for the pause
	pause    pause
}

// pause keeps a service whose tasks fail from starting new ones as fast as it can.
type pause int

const (
	noPause  pause = iota
	pauseDue       // a task has failed and the pause has not begun
	pausing
)

// task is one task, from its start until it is gone.
type task struct {
	number     int
	deployment *deployment
	phase      phase
	health     health
	served     bool // it was healthy once
	graceOver  bool
	failed     bool // counted as a failure of its deployment, and to be stopped
	drained    bool // the balancer has let go of it
}

type phase int

const (
	launching phase = iota
	running
	draining // deregistered; SIGTERM comes when the balancer has drained it
	stopping // SIGTERM sent
)

type health int

const (
	pending health = iota // not known yet
	healthy
	unhealthy
)

func (t *task) leaving() bool { return t.phase >= draining }

// worth orders tasks by how much they are missed when they go.
func (t *task) worth() int {
	switch {
	case !t.served:
		return 0
	case t.health != healthy:
		return 1
	}
	return 2
}

// find is the task with that number, or nil when it is gone.
func (s *state) find(number int) *task {
	for i := range s.tasks {
		if s.tasks[i].number == number {
			return &s.tasks[i]
		}
	}
	return nil
}

// count counts the tasks for which all conditions hold.
func (s *state) count(conditions ...func(*task) bool) int {
	n := 0
next:
	for i := range s.tasks {
		for _, holds := range conditions {
			if !holds(&s.tasks[i]) {
				continue next
			}
		}
		n++
	}
	return n
}

func (s *state) current(t *task) bool { return t.deployment == s.primary }
func isHealthy(t *task) bool          { return t.health == healthy }
func hasServed(t *task) bool          { return t.served }
func staying(t *task) bool            { return !t.leaving() && !t.failed }

func (s *state) name(number int) string { return fmt.Sprintf("%s-%d", s.settings.Name, number) }
