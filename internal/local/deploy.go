package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// deploy deploys a release to all services at once, as CloudFormation does. If one service is rolled back, so are the
// others.
func (e *environment) deploy(ctx context.Context, r *release) error {
	before := e.allow(r)
	e.mu.Lock()
	e.failed, e.deploying = map[string]*lines{}, r.name
	e.mu.Unlock()
	began := time.Now()
	failures := e.deployServices(ctx, r, func(string) bool { return true })
	if len(failures) == 0 {
		e.keepOnly(r)
		e.warnOfExposed()
		return nil
	}
	problems := []error{fmt.Errorf("release %s failed and there is no earlier release to roll back to", r.name)}
	if before != nil {
		healthy := func(process string) bool { return failures[process] == nil }
		followed := e.deployServices(context.WithoutCancel(ctx), before, healthy)
		e.keepOnly(before)
		problems[0] = fmt.Errorf("release %s was rolled back after %s; all tasks are of release %s again",
			r.name, time.Since(began).Round(time.Second), before.name)
		maps.Copy(failures, followed)
	}
	for _, process := range sorted(failures) {
		problems = append(problems, fmt.Errorf("%s: %w", process, failures[process]))
		if before != nil { // the first release has printed them in this terminal
			problems = append(problems, e.lastLinesOf(process)...)
		}
	}
	return errors.Join(problems...)
}

// lastLinesOf returns the last lines of the last task of a process that has failed in this deployment, as an error if there are any.
func (e *environment) lastLinesOf(process string) []error {
	e.mu.Lock()
	out := e.failed[process]
	e.mu.Unlock()
	if out == nil {
		return nil
	}
	if tail := out.tail(); len(tail) > 0 {
		return []error{fmt.Errorf("%s's last lines:\n  %s", out.name, strings.Join(tail, "\n  "))}
	}
	return nil
}

// deployServices deploys a release to the chosen processes, makes the services that are new, and returns the errors by
// process.
func (e *environment) deployServices(ctx context.Context, r *release, chosen func(string) bool) map[string]error {
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
