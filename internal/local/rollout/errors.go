package rollout

import (
	"errors"
	"fmt"
)

// RolledBack is Deploy's error when the breaker found the revision broken and the earlier one serves alone again.
type RolledBack struct {
	Revision string // that is broken
	To       string // the revision that serves
	Reason   string // of the last failure, with the task's name
}

func (e *RolledBack) Error() string {
	return fmt.Sprintf("revision %s was rolled back to %s: %s", e.Revision, e.To, e.Reason)
}

// ErrReplaced is in Deploy's error when another Deploy came before the first one was done.
var ErrReplaced = errors.New("replaced by a later deployment")

// ErrStopped is in the error of calls that Stop came before.
var ErrStopped = errors.New("the service was stopped")
