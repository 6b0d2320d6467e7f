package rollout

import (
	"errors"
	"fmt"
	"time"
)

// StopOrder says what a task meets first when it has to go: its deregistration from the balancer or SIGTERM. Which of
// them comes first on AWS is contested, so an app must survive every order. Without a balancer there is only SIGTERM.
type StopOrder int

const (
	// DeregisterFirst deregisters the task, waits until the balancer has drained it, and then sends SIGTERM.
	DeregisterFirst StopOrder = iota
	// TerminateFirst sends SIGTERM, and deregisters the task right after it.
	TerminateFirst
	// Together deregisters the task, and sends SIGTERM right after it.
	Together
)

func (o StopOrder) String() string {
	return [...]string{"DeregisterFirst", "TerminateFirst", "Together"}[o]
}

// Settings are those of an ECS service that say how its tasks are replaced.
type Settings struct {
	Name    string // of the service, such as web; tasks are called web-1, web-2 and so on
	Desired int    // tasks wanted; 0 and more; Scale changes it

	// During a deployment, at least MinimumHealthyPercent of the desired tasks are healthy (rounded up) and at most
	// MaximumPercent exist (rounded down). 100/200 starts new tasks first; 0/100 stops the old ones first.
	MinimumHealthyPercent int // 0 to 100
	MaximumPercent        int // 100 to 200

	FailuresToRollBack int  // failed tasks that end a deployment (the circuit breaker, with COUNT); 0: none do
	ResetOnHealthy     bool // a task that turns healthy sets the count of failures back to 0
	Rollback           bool // a deployment that the breaker ended is rolled back; without, it stands still as it is

	HealthGrace time.Duration // from a task's start; being unhealthy is no failure before it is over
	StopOrder   StopOrder     // default DeregisterFirst
}

// Validate finds every mistake at once.
func (s Settings) Validate() error {
	return errors.Join(
		s.check(s.Name != "", "Name is empty: give the service's name"),
		s.check(s.Desired >= 0, "Desired is %d: it is 0 or more", s.Desired),
		s.check(0 <= s.MinimumHealthyPercent && s.MinimumHealthyPercent <= 100,
			"MinimumHealthyPercent is %d: it is 0 to 100", s.MinimumHealthyPercent),
		s.check(100 <= s.MaximumPercent && s.MaximumPercent <= 200, "MaximumPercent is %d: it is 100 to 200", s.MaximumPercent),
		s.check(s.FailuresToRollBack >= 0, "FailuresToRollBack is %d: it is 0 or more", s.FailuresToRollBack),
		s.check(s.HealthGrace >= 0, "HealthGrace is %s: it is 0 or more", s.HealthGrace),
		s.check(DeregisterFirst <= s.StopOrder && s.StopOrder <= Together, "StopOrder is %d: it is 0 to 2", s.StopOrder),
		s.checkRoom(s.Desired),
	)
}

// checkRoom refuses what would make a deployment wait for ever: ECS does, and says nothing.
func (s Settings) checkRoom(desired int) error {
	lower, upper := s.bounds(desired)
	return s.check(desired <= 0 || lower < desired || upper > desired,
		"%d tasks cannot be replaced between MinimumHealthyPercent %d and MaximumPercent %d: "+
			"none may stop before another starts, and none may start before another stops; lower the one or raise the other",
		desired, s.MinimumHealthyPercent, s.MaximumPercent)
}

func (s Settings) check(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("service %q: "+format, append([]any{s.Name}, args...)...)
}

// bounds are the fewest healthy tasks and the most tasks at all.
func (s Settings) bounds(desired int) (lower, upper int) {
	return (desired*s.MinimumHealthyPercent + 99) / 100, desired * s.MaximumPercent / 100
}
