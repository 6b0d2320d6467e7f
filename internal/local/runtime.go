package local

import (
	"context"
	"fmt"
	"io"
	"strings"

	"dozen/internal/local/container"
)

// chooseRuntime chooses a container engine or processes, and ends what an earlier run left behind in either.
func (e *environment) chooseRuntime(ctx context.Context) error {
	e.runtime = container.NewProcesses(e.settings.Home.Directory)
	if err := e.runtime.Clean(ctx); err != nil {
		return err
	}
	if e.settings.Engine != "none" {
		engine := container.FindEngine(ctx, e.settings.Engine, e.settings.Home.label())
		if engine == nil && e.settings.Engine != "" {
			return fmt.Errorf("the container engine %q does not answer `%[1]s info`; "+
				"start it, name another one, or use `none` for processes", e.settings.Engine)
		}
		if engine != nil {
			e.runtime = engine
		}
	}
	return e.runtime.Clean(ctx)
}

// build builds a release's image. If the engine was found and not asked for, and cannot build the first image, for
// example because it may not pull the base image, then processes replace it. The engine's own messages are in out.
func (e *environment) build(ctx context.Context, source container.Source, out io.Writer) (container.Program, error) {
	program, err := e.runtime.Build(ctx, source, out)
	_, isEngine := e.runtime.(*container.Engine)
	if err == nil || !isEngine || e.settings.Engine != "" || e.current != nil || ctx.Err() != nil {
		return program, err
	}
	e.out.printf("%v; using processes instead. Name the engine with --engine to fail here", err)
	processes := container.NewProcesses(e.settings.Home.Directory)
	e.mu.Lock()
	e.runtime = processes
	e.mu.Unlock()
	return processes.Build(ctx, source, out)
}

// announce prints a release's name, and what of it does not exist or is not enforced on this machine.
func (e *environment) announce(r *release) {
	e.out.printf("release %s as %s", r.name, e.runtime)
	missing := map[string]bool{}
	for _, s := range r.services {
		for _, m := range e.runtime.NotEnforced(s.spec("", 0)) {
			missing[m] = true
		}
		if names := s.unanswered(); len(names) > 0 {
			list := strings.Join(names, ", ")
			e.out.printf("%s: what these variables refer to does not exist here: %s", s.process, list)
		}
	}
	if len(missing) > 0 {
		e.out.printf("not enforced without a container engine: %s", strings.Join(sorted(missing), "; "))
	}
}
