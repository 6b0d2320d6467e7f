package rollout

import (
	"errors"
	"fmt"
)

// RolledBack is Deploy's error when the circuit breaker has opened and only tasks of the earlier release run again.
type RolledBack struct {
	Release string // the release that failed
	To      string // the release that runs now
	Reason  string // of the last failure, with the task's name
}

func (e *RolledBack) Error() string {
	return fmt.Sprintf("release %s was rolled back to %s: %s", e.Release, e.To, e.Reason)
}

// ErrReplaced is wrapped by the error of a Deploy that a later Deploy has replaced.
var ErrReplaced = errors.New("replaced by a later release")

// ErrStopped is wrapped by the errors of calls after Stop.
var ErrStopped = errors.New("the service was stopped")
