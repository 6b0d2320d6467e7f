package local

import (
	"context"
	"errors"
	"fmt"
)

// tryMigration runs the migration twice at the same time on an empty database, and once more on the schema that it has made.
func (c *check) tryMigration(ctx context.Context) {
	if len(c.release.migrations) == 0 {
		c.result(NotTried, "release", "the Procfile has no release line", "")
		return
	}
	for _, m := range c.release.migrations {
		c.migrateTwice(ctx, m)
		if task, err := c.migrated(ctx, m, "again"); err != nil {
			c.result(Failed, "release on a schema that is there already", err.Error(), fmt.Sprintf(
				"%s: what has been applied, by this or a newer image, must be left alone, with exit code 0: a rollback runs the older image",
				c.line("release")), task.last()...)
			continue
		}
		c.result(Passed, "release on a schema that is there already", "exit code 0", "")
	}
}

func (c *check) migrateTwice(ctx context.Context, m migration) {
	type end struct {
		task *tried
		err  error
	}
	ends := make(chan end, 2)
	for _, name := range []string{"a", "b"} {
		go func() {
			task, err := c.migrated(ctx, m, name)
			ends <- end{task, err}
		}()
	}
	first, second := <-ends, <-ends
	const rule = "release, two at the same time"
	switch {
	case first.err != nil && second.err != nil:
		c.result(Failed, rule, "both: "+first.err.Error(), c.line("release")+": this command, or what it needs", first.task.last()...)
	case first.err != nil || second.err != nil:
		if second.err != nil {
			first = second
		}
		c.result(Failed, rule, "one of them: "+first.err.Error(),
			c.line("release")+": let it wait for the other one, such as with SELECT pg_advisory_lock(1)", first.task.last()...)
	default:
		c.result(Passed, rule, "exit code 0 each", "")
	}
}

// migrated runs a migration to its end.
func (c *check) migrated(ctx context.Context, m migration, name string) (*tried, error) {
	ctx, done := context.WithTimeout(ctx, m.deadline)
	defer done()
	task, err := c.start(m.definition, "release-"+name, 0, nil)
	if err != nil {
		return task, err
	}
	select {
	case <-task.Done():
	case <-ctx.Done():
		task.Kill()
		return task, fmt.Errorf("it was stopped at its deadline, after %s (Migration.Deadline)", m.deadline)
	}
	if code, _ := task.Exit(); code != 0 {
		return task, errors.New(task.ended())
	}
	return task, nil
}
