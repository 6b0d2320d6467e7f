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
	return usageError{fmt.Sprintf("dozen-app migrate: want no argument, or status; got %q", args)}
}

func migrationStatus(ctx context.Context, a *app) error {
	list, err := a.db.Status(ctx)
	for _, migration := range list {
		state := "pending"
		if !migration.AppliedAt.IsZero() {
			state = "applied " + migration.AppliedAt.UTC().Format(time.DateTime)
		}
		_, _ = fmt.Fprintf(a.stdout, "%05d %s\n", migration.Version, state)
	}
	return err
}

// watchSchema logs if this version's migration has not run yet, and when it has run. Then it returns, because a
// schema never becomes older.
func (a *app) watchSchema(ctx context.Context) {
	var old database.OldSchema
	for reported := false; ctx.Err() == nil; {
		err := a.db.Ready(ctx)
		switch {
		case err == nil && reported:
			a.log.InfoContext(ctx, "the schema is up to date now")
			return
		case err == nil:
			return
		case errors.As(err, &old) && !reported:
			a.log.ErrorContext(ctx, old.Error(), "have", old.Have, "want", old.Want)
			reported = true
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}
