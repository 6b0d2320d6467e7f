package main

import (
	"context"

	"github.com/riverqueue/river"

	"dozen/app/internal/cache"
	"dozen/app/internal/inbox"
	"dozen/app/internal/web"
)

func runWeb(ctx context.Context, a *app, args []string) error {
	if len(args) > 0 {
		return usageError{"dozen-app web: want no arguments"}
	}
	valkey, err := cache.Open(a.Cache, a.aws)
	if err != nil {
		return err
	}
	defer func() { _ = valkey.Close() }()
	jobs, err := inbox.NewJobs(a.db, &river.Config{Logger: a.log})
	if err != nil {
		return err
	}
	defer a.metrics.Start()()
	go a.watchSchema(ctx)
	server := &web.Server{
		Config:  a.Config,
		Log:     a.log,
		Metrics: a.metrics,
		DB:      a.db,
		Cache:   valkey,
		Inbox:   inbox.New(a.db, jobs),
	}
	return server.Run(ctx)
}
