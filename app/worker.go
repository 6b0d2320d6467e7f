package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/deliver"
	"dozen/app/internal/inbox"
	"dozen/app/internal/storage"
	"dozen/app/internal/upkeep"
)

// stopMargin is what a worker keeps of its drain time to give back the jobs
// that did not finish, and to write that down.
const stopMargin = 1500 * time.Millisecond

// startRetry is the pause between tries to start without a database.
const startRetry = 500 * time.Millisecond

// leaseSilence is a variable so that tests with killed workers need not wait.
var leaseSilence = deliver.Silence

func runWorker(ctx context.Context, a *app, args []string) error {
	queue := inbox.Queue
	switch len(args) {
	case 0:
	case 1:
		queue = args[0]
	default:
		return usageError{fmt.Sprintf("dozen-app worker: want one queue, have %q", args)}
	}
	client, lease, err := newWorker(a, queue)
	if err != nil {
		return err
	}
	defer a.metrics.Start()()

	go a.watchSchema(ctx)
	for started := false; !started; {
		// No job is taken before the lease stands: a job without one counts as lost.
		err := lease.Beat(ctx)
		if err == nil {
			err = client.Start(ctx)
		}
		if started = err == nil; !started {
			a.log.ErrorContext(ctx, "worker waits for the database", "error", err)
			select {
			case <-time.After(startRetry):
			case <-ctx.Done():
				return nil
			}
		}
	}
	leaseCtx, stopLease := context.WithCancel(context.WithoutCancel(ctx))
	leaseDone := make(chan struct{})
	go func() { defer close(leaseDone); lease.Run(leaseCtx) }()
	a.log.InfoContext(ctx, "worker started", "queue", queue, "concurrency", a.WorkerConcurrency)

	<-ctx.Done() // River stops by itself then, see SoftStopTimeout
	a.log.Info("worker takes no new jobs and finishes its own")
	<-client.Stopped()
	stopLease()
	<-leaseDone
	ending, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer done()
	if err := lease.End(ending); err != nil {
		a.log.Warn("lease not given up", "error", err)
	}
	a.log.Info("worker stopped")
	return nil
}

func newWorker(a *app, queue string) (*inbox.Jobs, *deliver.Lease, error) {
	host, _ := os.Hostname()
	id := fmt.Sprintf("%s-%d-%d", host, os.Getpid(), time.Now().UnixNano())
	lease := deliver.NewLease(a.db, a.log, id, leaseSilence)
	workers := river.NewWorkers()
	client, err := inbox.NewJobs(a.db, &river.Config{
		ID:                id,
		Queues:            map[string]river.QueueConfig{queue: {MaxWorkers: a.WorkerConcurrency}},
		Workers:           workers,
		Middleware:        []rivertype.Middleware{lease},
		Logger:            slog.New(quiet{a.log.Handler()}),
		FetchPollInterval: 200 * time.Millisecond, // web does not notify, see docs/adr/0101
		// Between two fetches; River's 100 ms would keep a few quick workers idle.
		FetchCooldown:   5 * time.Millisecond,
		SoftStopTimeout: max(a.Drain-stopMargin, a.Drain/2),
		// Jobs of dead workers are collected by their lease long before this.
		RescueStuckJobsAfter: time.Hour,
	})
	if err != nil {
		return nil, nil, err
	}
	in := inbox.New(a.db, client)
	river.AddWorker(workers, deliver.NewWorker(in, a.log, a.metrics))
	upkeep.Register(workers, in, storage.Open(a.Storage, a.aws), a.Retention, a.log)
	return client, lease, nil
}

// quiet keeps River's own lines out of the log below warnings: each delivery
// has been logged by its worker already.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
