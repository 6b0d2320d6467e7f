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

// startTask is how a service starts one task of a revision.
func (e *environment) startTask(s *service) rollout.Launch {
	return func(_ context.Context, id, revision string) (rollout.Task, error) {
		r := e.release(revision)
		if r == nil {
			return nil, fmt.Errorf("no release %s", revision)
		}
		i := slices.IndexFunc(r.services, func(d serviceDefinition) bool { return d.process == s.process })
		if i < 0 {
			return nil, fmt.Errorf("release %s has no process %s", revision, s.process)
		}
		definition, port := r.services[i], 0
		if definition.TargetGroup != nil {
			var err error
			if port, err = freePort(); err != nil {
				return nil, err
			}
		}
		started, err := e.platform.Start(r.program, definition.spec(id, port), e.out.task(s.process, id))
		if err != nil {
			return nil, err
		}
		e.know(id, started)
		return &placed{started, port}, nil
	}
}

// know remembers a task by its id while it runs.
func (e *environment) know(id string, started *container.Task) {
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

// placed is a task with its address, "" for one that takes no requests.
type placed struct {
	*container.Task
	port int
}

// Address is where the task takes requests.
func (p *placed) Address() string {
	if p.port == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// newService makes the running service that a definition describes.
func (e *environment) newService(d serviceDefinition) (*service, error) {
	s := &service{process: d.process}
	var b *balancer.Balancer
	if d.TargetGroup != nil {
		b = e.balancer
	}
	var err error
	s.Service, err = rollout.New(rollout.Settings{
		Name: d.process, Desired: e.desired(d), MinimumHealthyPercent: d.MinimumHealthyPercent, MaximumPercent: d.MaximumPercent,
		FailuresToRollBack: d.Breaker.Failures, Rollback: d.Breaker.Rollback, ResetOnHealthy: d.Breaker.ResetOnHealthyTask,
		HealthGrace: d.HealthGrace, StopOrder: e.settings.StopOrder,
	}, e.startTask(s), b, e.log)
	return s, err
}

// desired is how many tasks a service begins with: what --scale says, or its least. A service that scales from zero begins with
// one, because nothing measures its backlog here.
func (e *environment) desired(d serviceDefinition) int {
	if n, said := e.settings.Scale[d.process]; said {
		return n
	}
	if d.Scaling != nil {
		return max(d.Scaling.Min, 1)
	}
	return max(d.DesiredCount, 1)
}

// deploy rolls every service to a release, all at once as CloudFormation does. If one is rolled back, the others follow it.
func (e *environment) deploy(ctx context.Context, r *release) error {
	before := e.remember(r)
	began := time.Now()
	failures := e.roll(ctx, r, func(string) bool { return true })
	if len(failures) == 0 {
		e.retire(r)
		return nil
	}
	problems := []error{fmt.Errorf("release %s failed and there is none to go back to", r.revision)}
	if before != nil {
		followed := e.roll(context.WithoutCancel(ctx), before, func(process string) bool { return failures[process] == nil })
		e.retire(before)
		problems[0] = fmt.Errorf("release %s was rolled back after %s; release %s serves alone", r.revision, time.Since(began).Round(time.Second), before.revision)
		maps.Copy(failures, followed)
	}
	for _, process := range sorted(failures) {
		problems = append(problems, fmt.Errorf("%s: %w", process, failures[process]))
	}
	return errors.Join(problems...)
}

// roll deploys a release to those of its services that are meant, makes those that are new, and gives what failed by process.
func (e *environment) roll(ctx context.Context, r *release, meant func(process string) bool) map[string]error {
	var all sync.WaitGroup
	var mu sync.Mutex
	failures := map[string]error{}
	for _, d := range r.services {
		if !meant(d.process) {
			continue
		}
		all.Go(func() {
			s, err := e.service(d)
			if err == nil {
				err = s.Deploy(ctx, r.revision)
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

// service finds the running service of a definition, or makes it.
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

// remember lets tasks of a release start, and gives the release that runs so far.
func (e *environment) remember(r *release) (before *release) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.releases[r.revision] = r
	return e.current
}

// retire makes a release the only one, and ends the services that it does not have.
func (e *environment) retire(r *release) {
	e.mu.Lock()
	e.current = r
	e.releases = map[string]*release{r.revision: r}
	var gone []*service
	for process, s := range e.services {
		if !slices.ContainsFunc(r.services, func(d serviceDefinition) bool { return d.process == process }) {
			gone = append(gone, s)
			delete(e.services, process)
		}
	}
	e.mu.Unlock()
	for _, s := range gone {
		_ = s.Stop(context.Background()) // it waits as long as the tasks' stop timeouts
	}
}

// release is one whose tasks may start.
func (e *environment) release(revision string) *release {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.releases[revision]
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
