package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

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
		started, err := e.runtime.Start(r.program, definition.spec(id, port), e.out.task(s.process, id))
		if err != nil {
			return nil, err
		}
		e.track(id, started)
		return &taskWithPort{started, port}, nil
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

// taskWithPort is a task and the port on which it takes requests; 0 if it takes none.
type taskWithPort struct {
	*container.Task
	port int
}

// Address returns the host:port where the task takes requests, or "".
func (t *taskWithPort) Address() string {
	if t.port == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(t.port))
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
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

// desired returns a service's number of tasks: from --scale, or else the template's minimum. It is 1 for a service that scales from
// zero, because nothing measures its backlog here.
func (e *environment) desired(d serviceDefinition) int {
	if n, given := e.settings.Scale[d.process]; given {
		return n
	}
	if d.Scaling != nil {
		return max(d.Scaling.Min, 1)
	}
	return max(d.DesiredCount, 1)
}

// deploy deploys a release to all services at once, as CloudFormation does. If one service is rolled back, so are the others.
func (e *environment) deploy(ctx context.Context, r *release) error {
	before := e.allow(r)
	began := time.Now()
	failures := e.deployServices(ctx, r, func(string) bool { return true })
	if len(failures) == 0 {
		e.keepOnly(r)
		return nil
	}
	problems := []error{fmt.Errorf("release %s failed and there is no earlier release to roll back to", r.name)}
	if before != nil {
		followed := e.deployServices(context.WithoutCancel(ctx), before, func(process string) bool { return failures[process] == nil })
		e.keepOnly(before)
		problems[0] = fmt.Errorf("release %s was rolled back after %s; all tasks are of release %s again",
			r.name, time.Since(began).Round(time.Second), before.name)
		maps.Copy(failures, followed)
	}
	for _, process := range sorted(failures) {
		problems = append(problems, fmt.Errorf("%s: %w", process, failures[process]))
	}
	return errors.Join(problems...)
}

// deployServices deploys a release to the chosen processes, makes the services that are new, and returns the errors by process.
func (e *environment) deployServices(ctx context.Context, r *release, chosen func(process string) bool) map[string]error {
	var all sync.WaitGroup
	var mu sync.Mutex
	failures := map[string]error{}
	for _, d := range r.services {
		if !chosen(d.process) {
			continue
		}
		all.Go(func() {
			s, err := e.service(d)
			if err == nil {
				err = s.Deploy(ctx, r.name)
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures[d.process] = err
			}
		})
	}
	all.Wait()
	return failures
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

// allow lets tasks of a release start, and returns the release that is running.
func (e *environment) allow(r *release) (before *release) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.releases[r.name] = r
	return e.current
}

// keepOnly makes a release the only one, and stops the services that it does not have.
func (e *environment) keepOnly(r *release) {
	e.mu.Lock()
	e.current = r
	e.releases = map[string]*release{r.name: r}
	var gone []*service
	for process, s := range e.services {
		if !slices.ContainsFunc(r.services, func(d serviceDefinition) bool { return d.process == process }) {
			gone = append(gone, s)
			delete(e.services, process)
		}
	}
	e.mu.Unlock()
	for _, s := range gone {
		_ = s.Stop(context.Background()) // takes up to the deregistration delay and the stop timeout
	}
}

// release returns the release with this name, or nil if its tasks may not start.
func (e *environment) release(name string) *release {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.releases[name]
}

// sorted returns the keys of a map in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
