package main

import (
	"context"
	"fmt"
	"time"
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
