package local

import (
	"context"
	"fmt"
	"io"
	"strings"

	"dozen/internal/local/container"
)

// choosePlatform finds the container engine, or takes processes, and ends what an earlier run has left behind on either.
func (e *environment) choosePlatform(ctx context.Context) error {
	e.platform = container.NewProcesses(e.state.Directory)
	if err := e.platform.Clean(ctx); err != nil {
		return err
	}
	if e.settings.Engine != "none" {
		engine := container.FindEngine(ctx, e.settings.Engine, e.state.label())
		if engine == nil && e.settings.Engine != "" {
			return fmt.Errorf("the container engine %q does not answer `%[1]s info`; start it, name another, or write `none` for processes", e.settings.Engine)
		}
		if engine != nil {
			e.platform = engine
		}
	}
	return e.platform.Clean(ctx)
}

// build builds the release's image. Where an engine was found and not asked for, one that cannot build, such as one that may
// not pull the base image, gives way to processes; the engine's own words stand above.
func (e *environment) build(ctx context.Context, source container.Source, out io.Writer) (container.Program, error) {
	program, err := e.platform.Build(ctx, source, out)
	if _, found := e.platform.(*container.Engine); err == nil || !found || e.settings.Engine != "" || e.current != nil || ctx.Err() != nil {
		return program, err
	}
	e.out.say("%v; goes on with processes. With --engine an engine that fails ends the command", err)
	processes := container.NewProcesses(e.state.Directory)
	e.mu.Lock()
	e.platform = processes
	e.mu.Unlock()
	return processes.Build(ctx, source, out)
}

// say tells which release comes, and what of it this machine does not do.
func (e *environment) say(r *release) {
	e.out.say("release %s as %s", r.revision, e.platform)
	missing := map[string]bool{}
	for _, s := range r.services {
		for _, m := range e.platform.NotEnforced(s.spec("", 0)) {
			missing[m] = true
		}
		if names := s.unanswered(); len(names) > 0 {
			e.out.say("%s: nothing stands in here for %s", s.process, strings.Join(names, ", "))
		}
	}
	if len(missing) > 0 {
		e.out.say("not enforced without a container engine: %s", strings.Join(sorted(missing), "; "))
	}
}
