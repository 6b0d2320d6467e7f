package rollout

import "fmt"

// state is everything that plan looks at. It has no clock: the end of what takes time is an event, so that a test can
// let everything happen in any order.
type state struct {
	settings   Settings
	balanced   bool        // there is a balancer
	primary    *deployment // whose tasks are wanted; nil before the first Deploy, and when no task is wanted
	lastSteady *deployment // the last deployment that became steady: a rollback returns to it
	tasks      []task      // in the order of their start, until they are gone
	number     int         // of tasks so far; that of deployments is deployments
	outcome    outcome
	reason     string // the last failure of a task in the latest Deploy
	closing    bool   // Stop was called

	deployments int
}

// outcome is the state of the latest Deploy.
type outcome int

const (
	underway outcome = iota
	steady
	rollingBack // to the last steady deployment
	rolledBack
	abandoning // there is no deployment to roll back to: all tasks are stopping
	abandoned
	halted // failed, with Rollback off
)

// deployment is one Deploy. Two deployments may have the same release.
type deployment struct {
	number   int
	release  string
	failures int // that the circuit breaker counts
	strikes  int // failures in a row, for the pause
	pause    pause
}

// pause delays the next start after a task has failed, so that a service whose tasks keep failing does not start them
// in a tight loop.
type pause int

const (
	noPause  pause = iota
	pauseDue       // a task has failed and the pause has not begun yet
	pausing
)

// task is one task, from its start until it is gone.
type task struct {
	number     int
	deployment *deployment
	phase      phase
	health     health
	why        string // it is unhealthy
	served     bool   // it has been healthy
	graceOver  bool
	failed     bool // counted as a failure of its deployment; it must stop
	drained    bool // its target is drained
}

type phase int

const (
	launching phase = iota
	running
	draining // deregistered; gets SIGTERM when its target is drained
	stopping // SIGTERM sent
)

type health int

const (
	pending health = iota // not checked yet
	healthy
	unhealthy
)

func (t *task) leaving() bool { return t.phase >= draining }

// usefulness orders tasks: the least useful is stopped first.
func (t *task) usefulness() int {
	switch {
	case !t.served:
		return 0
	case t.health != healthy:
		return 1
	}
	return 2
}

// find returns the task with this number; nil if it is gone.
func (s *state) find(number int) *task {
	for i := range s.tasks {
		if s.tasks[i].number == number {
			return &s.tasks[i]
		}
	}
	return nil
}

// count returns the number of tasks for which all conditions hold.
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
