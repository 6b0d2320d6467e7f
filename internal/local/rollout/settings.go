package rollout

import (
	"errors"
	"fmt"
	"time"
)

// StopOrder is the order in which a task that must stop is deregistered from the balancer and gets SIGTERM. It is
// disputed which of them comes first on AWS, so an app must survive every order. Without a balancer, a task only gets
// SIGTERM.
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

// Settings are the settings of an ECS service that decide how its tasks are replaced.
type Settings struct {
	Name    string // of the service, such as web; its tasks are web-1, web-2 and so on
	Desired int    // number of tasks; 0 or more

	// During a deployment, at least MinimumHealthyPercent of the desired tasks are healthy (rounded up) and at most
	// MaximumPercent exist (rounded down). 100/200 starts new tasks first; 0/100 stops the old ones first.
	MinimumHealthyPercent int // 0 to 100
	MaximumPercent        int // 100 to 200

	FailuresToRollBack int  // failed tasks that open the circuit breaker (with COUNT); 0: no circuit breaker
	ResetOnHealthy     bool // a task that turns healthy sets the count of failures back to 0
	Rollback           bool // roll back when the breaker opens; otherwise the deployment is left as it is

	HealthGrace time.Duration // from a task's start; being unhealthy does not count as a failure before it is over
	StopOrder   StopOrder     // default DeregisterFirst
}

// Validate returns every problem at once.
func (s Settings) Validate() error {
	return errors.Join(
		s.require(s.Name != "", "Name is empty: set it to the name of the service"),
		s.require(s.Desired >= 0, "Desired is %d: must be 0 or more", s.Desired),
		s.require(0 <= s.MinimumHealthyPercent && s.MinimumHealthyPercent <= 100,
			"MinimumHealthyPercent is %d: must be 0 to 100", s.MinimumHealthyPercent),
		s.require(100 <= s.MaximumPercent && s.MaximumPercent <= 200,
			"MaximumPercent is %d: must be 100 to 200", s.MaximumPercent),
		s.require(s.FailuresToRollBack >= 0, "FailuresToRollBack is %d: must be 0 or more", s.FailuresToRollBack),
		s.require(s.HealthGrace >= 0, "HealthGrace is %s: must be 0 or more", s.HealthGrace),
		s.require(DeregisterFirst <= s.StopOrder && s.StopOrder <= Together,
			"StopOrder is %d: must be 0 to 2", s.StopOrder),
		s.requireRoom(),
	)
}

// requireRoom refuses percentages with which a deployment would wait forever. ECS accepts them and reports nothing.
func (s Settings) requireRoom() error {
	lower, upper := s.bounds()
	return s.require(s.Desired <= 0 || lower < s.Desired || upper > s.Desired,
		"%d tasks cannot be replaced between MinimumHealthyPercent %d and MaximumPercent %d: "+
			"no task may stop before another starts, and no task may start before another stops; "+
			"lower the minimum or raise the maximum",
		s.Desired, s.MinimumHealthyPercent, s.MaximumPercent)
}

// require returns a problem unless ok.
func (s Settings) require(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("service %q: "+format, append([]any{s.Name}, args...)...)
}

// bounds returns the fewest healthy tasks and the most tasks of any kind that a deployment may have.
func (s Settings) bounds() (lower, upper int) {
	return (s.Desired*s.MinimumHealthyPercent + 99) / 100, s.Desired * s.MaximumPercent / 100
}
