package local

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	"dozen/internal/local/balancer"
	"dozen/internal/local/container"
	"dozen/internal/local/rollout"
)

// service is a running service.
type service struct {
	*rollout.Service
	process string
}

// startTask returns the function with which a service starts a task of a release.
func (e *environment) startTask(s *service) rollout.Launch {
	return func(_ context.Context, id, name string) (rollout.Task, error) {
		r := e.release(name)
		if r == nil {
			return nil, fmt.Errorf("there is no release %s", name)
		}
		i := slices.IndexFunc(r.services, func(d serviceDefinition) bool { return d.process == s.process })
		if i < 0 {
			return nil, fmt.Errorf("release %s has no process %s", name, s.process)
		}
		definition, port := r.services[i], 0
		if definition.TargetGroup != nil {
			var err error
			if port, err = freePort(); err != nil {
				return nil, err
			}
		}
		out := e.out.task(s.process, id)
		started, err := e.runtime.Start(r.program, definition.spec(id, port), out)
		if err != nil {
			return nil, err
		}
		e.track(id, started)
		return &taskWithPort{Task: started, port: port, ended: func() { e.keepLast(s.process, name, out) }}, nil
	}
}

// track keeps a task in e.tasks while it runs.
func (e *environment) track(id string, started *container.Task) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tasks[id] = started
	go func() {
		<-started.Done()
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.tasks, id)
	}()
}

// keepLast keeps the output of the last task of a process that has ended and is of the release that is being deployed: while that
// goes well, none of its tasks ends.
func (e *environment) keepLast(process, release string, out *lines) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if release == e.deploying {
		e.failed[process] = out
	}
}

// taskWithPort is a task and the port on which it takes requests; 0 if it takes none.
type taskWithPort struct {
	*container.Task
	port  int
	ended func()
}

// Exit calls ended.
func (t *taskWithPort) Exit() (code int, reason string) {
	code, reason = t.Task.Exit()
	t.ended()
	return code, reason
}

// Address returns the host:port where the task takes requests, or "".
func (t *taskWithPort) Address() string {
	if t.port == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(t.port))
}

// newService returns the running service of a definition.
func (e *environment) newService(d serviceDefinition) (*service, error) {
	s := &service{process: d.process}
	var b *balancer.Balancer
	if d.TargetGroup != nil {
		b = e.balancer
	}
	var err error
	s.Service, err = rollout.New(rollout.Settings{
		Name:                  d.process,
		Desired:               e.desired(d),
		MinimumHealthyPercent: d.MinimumHealthyPercent,
		MaximumPercent:        d.MaximumPercent,
		FailuresToRollBack:    d.Breaker.Failures,
		ResetOnHealthy:        d.Breaker.ResetOnHealthyTask,
		Rollback:              d.Breaker.Rollback,
		HealthGrace:           d.HealthGrace,
		StopOrder:             e.settings.StopOrder,
	}, e.startTask(s), b, e.log)
	return s, err
}

// desired returns a service's number of tasks: from --scale, or else the template's minimum. It is 1 for a service that
// scales from zero, because nothing measures its backlog here.
func (e *environment) desired(d serviceDefinition) int {
	if n, given := e.settings.Scale[d.process]; given {
		return n
	}
	if d.Scaling != nil {
		return max(d.Scaling.Min, 1)
	}
	return max(d.DesiredCount, 1)
}

// service returns the running service of a definition, and makes it if needed.
func (e *environment) service(d serviceDefinition) (*service, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s, known := e.services[d.process]; known {
		return s, nil
	}
	s, err := e.newService(d)
	if err == nil {
		e.services[d.process] = s
	}
	return s, err
}
