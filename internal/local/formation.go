package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"dozen/internal/balancer"
	"dozen/internal/rollout"
	"dozen/internal/task"
)

// service is a running service.
type service struct {
	*rollout.Service
	process string
	started atomic.Int64 // tasks so far; the next one's name
}

// startTask is how a service starts one task of a revision.
func (e *environment) startTask(s *service) rollout.Launch {
	return func(_ context.Context, revision string) (rollout.Task, error) {
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
		name := fmt.Sprintf("%s.%d", s.process, s.started.Add(1))
		started, err := e.platform.Start(r.program, definition.spec(name, port), e.out.task(s.process, name))
		if err != nil {
			return nil, err
		}
		return &placed{Task: started, name: name, port: port}, nil
	}
}

// placed is a task with its address, "" for one that takes no requests.
type placed struct {
	*task.Task
	name string
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

// service makes the running service that a definition describes; balancer is nil for one without load balancer.
func (e *environment) newService(d serviceDefinition, b *balancer.Balancer) *service {
	s := &service{process: d.process}
	if d.TargetGroup == nil {
		b = nil
	}
	s.Service = rollout.New(rollout.Settings{
		Name: d.process, Desired: e.desired(d), MinimumHealthyPercent: d.MinimumHealthyPercent, MaximumPercent: d.MaximumPercent,
		FailuresToRollBack: d.Breaker.Failures, Rollback: d.Breaker.Rollback, ResetOnHealthy: d.Breaker.ResetOnHealthyTask,
		HealthGrace: d.HealthGrace, StopOrder: e.settings.StopOrder,
	}, e.startTask(s), b, e.log)
	return s
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

// deploy rolls every service to a release, all at once as CloudFormation does. If one is rolled back, all of them are.
func (e *environment) deploy(ctx context.Context, r *release, out io.Writer) error {
	before := e.current
	e.remember(r)
	began := time.Now()
	problems := e.roll(ctx, r)
	if len(problems) == 0 {
		e.current = r
		return nil
	}
	if before == nil {
		return errors.Join(problems...)
	}
	_, _ = fmt.Fprintf(out, "rolling everything back to release %s\n", before.revision)
	again := e.roll(context.WithoutCancel(ctx), before)
	return errors.Join(append([]error{fmt.Errorf("release %s was rolled back after %s; release %s serves alone",
		r.revision, time.Since(began).Round(time.Second), before.revision)}, append(problems, again...)...)...)
}

// roll deploys a release to its services, makes those that are new, and stops those that it no longer has.
func (e *environment) roll(ctx context.Context, r *release) []error {
	wanted := map[string]bool{}
	var all sync.WaitGroup
	var mu sync.Mutex
	var problems []error
	for _, d := range r.services {
		wanted[d.process] = true
		s, known := e.services[d.process]
		if !known {
			s = e.newService(d, e.balancer)
			e.mu.Lock()
			e.services[d.process] = s
			e.mu.Unlock()
		}
		all.Go(func() {
			if err := s.Deploy(ctx, r.revision); err != nil {
				mu.Lock()
				defer mu.Unlock()
				problems = append(problems, fmt.Errorf("%s: %w", d.process, err))
			}
		})
	}
	all.Wait()
	if len(problems) == 0 {
		for _, process := range slices.Sorted(maps.Keys(e.services)) {
			if !wanted[process] {
				e.services[process].Stop(ctx)
				e.mu.Lock()
				delete(e.services, process)
				e.mu.Unlock()
			}
		}
	}
	return problems
}
