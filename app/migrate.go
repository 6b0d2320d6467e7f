package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dozen/app/internal/database"
)

func runMigrate(ctx context.Context, a *app, args []string) error {
	switch {
	case len(args) == 0:
		return a.db.Migrate(ctx, a.log, 0)
	case len(args) == 1 && args[0] == "status":
		return migrationStatus(ctx, a)
	}
	return usageError{fmt.Sprintf("dozen-app migrate: want no argument or status, have %q", args)}
}

func migrationStatus(ctx context.Context, a *app) error {
	list, err := a.db.Status(ctx)
	for _, one := range list {
		state := "pending"
		if !one.AppliedAt.IsZero() {
			state = "applied " + one.AppliedAt.UTC().Format(time.DateTime)
		}
		_, _ = fmt.Fprintf(a.stdout, "%05d %s\n", one.Version, state)
	}
	return err
}

// watchSchema says in the log when this release's migration has not run yet,
// and when it has. It returns then, because a schema never goes back.
func (a *app) watchSchema(ctx context.Context) {
	var old database.OldSchema
	for said := false; ctx.Err() == nil; {
		err := a.db.Ready(ctx)
		switch {
		case err == nil && said:
			a.log.InfoContext(ctx, "the schema is up to date now")
			return
		case err == nil:
			return
		case errors.As(err, &old) && !said:
			a.log.ErrorContext(ctx, old.Error(), "have", old.Have, "want", old.Want)
			said = true
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}
