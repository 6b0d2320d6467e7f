package local

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// migrate runs the release's migrations one after the other. No service may change unless each exits with code 0.
func (e *environment) migrate(ctx context.Context, r *release) error {
	for _, m := range r.migrations {
		if err := e.runMigration(ctx, r, m); err != nil {
			return err
		}
	}
	return nil
}

func (e *environment) runMigration(ctx context.Context, r *release, m migration) error {
	ctx, done := context.WithTimeout(ctx, m.deadline)
	defer done()
	out := e.out.task("release", "release")
	started, err := e.runtime.Start(r.program, m.definition.spec("release-"+r.name, 0), out)
	if err != nil {
		return err
	}
	select {
	case <-started.Done():
	case <-ctx.Done():
		started.Stop()
		<-started.Done()
	}
	code, signal := started.Exit()
	reason := fmt.Sprintf("ended with exit code %d", code)
	if signal != "" {
		reason += ", " + signal
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		reason = fmt.Sprintf("was stopped at its deadline, after %s", m.deadline)
	case ctx.Err() != nil:
		return ctx.Err()
	case code == 0:
		return nil
	}
	err = fmt.Errorf("the migration %s; no service was changed", reason)
	if tail := out.tail(); e.current != nil && len(tail) > 0 { // the first release has printed them in this terminal
		err = fmt.Errorf("%w. Its last lines:\n  %s", err, strings.Join(tail, "\n  "))
	}
	return err
}
