package rollout

import (
	"context"
	"time"

	"dozen/internal/local/balancer"
)

// Task is one process or container. It may exit at any time.
type Task interface {
	Address() string                 // host:port; only called if there is a balancer
	Stop()                           // SIGTERM, then SIGKILL after the stop timeout; does not wait; may be called twice
	Done() <-chan struct{}           // closed when the task has exited
	Exit() (code int, reason string) // only called when Done is closed
}

// Launch starts a task of a release under an id such as web-3, and returns when it runs. The context is for the launch
// only: it ends if the task is no longer wanted before it runs, and when the task is gone. Do not tie the task's
// process to it: Stop ends a running task.
type Launch func(ctx context.Context, id, release string) (Task, error)

// Status is what `dozen ps` shows of a task.
type Status struct {
	ID      string // such as web-3; never reused for another task
	Release string
	State   string // launching, running, healthy, unhealthy, draining, stopping or stopped
	Address string // host:port; empty while it launches
	Started time.Time
	Exit    string // why it exited; empty while it runs
}

// handle has what a Service needs to control a task that is not gone.
type handle struct {
	status Status
	number int
	task   Task             // nil while it launches
	target *balancer.Target // nil without a balancer, and while it launches
	cancel context.CancelFunc
}

func describe(t *task) string {
	switch t.phase {
	case launching:
		return "launching"
	case draining:
		return "draining"
	case stopping:
		return "stopping"
	case running:
	}
	return [...]string{pending: "running", healthy: "healthy", unhealthy: "unhealthy"}[t.health]
}

func healthOf(state balancer.State) health {
	switch state {
	case balancer.Healthy:
		return healthy
	case balancer.Unhealthy:
		return unhealthy
	}
	return pending
}
