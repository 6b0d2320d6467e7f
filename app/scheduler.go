package main

import (
	"context"

	"github.com/riverqueue/river"

	"dozen/app/internal/inbox"
	"dozen/app/internal/schedule"
	"dozen/app/internal/upkeep"
)

func runScheduler(ctx context.Context, a *app, args []string) error {
	if len(args) > 0 {
		return usageError{"dozen-app scheduler: want no arguments"}
	}
	jobs, err := inbox.NewJobs(a.db, &river.Config{Logger: a.log})
	if err != nil {
		return err
	}
	go a.watchSchema(ctx)
	a.log.InfoContext(ctx, "scheduler started")
	schedule.Run(ctx, a.db, a.log, upkeep.Schedules(jobs, a.metrics))
	a.log.InfoContext(ctx, "scheduler stopped")
	return nil
}
