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

// stopMargin is the part of a worker's drain time that is left to return unfinished jobs to the queue.
const stopMargin = 1500 * time.Millisecond

// startRetry is the pause between attempts to start during an outage of the database.
const startRetry = 500 * time.Millisecond

// leaseSilence is a variable, so that tests that kill workers can shorten it.
var leaseSilence = deliver.Silence

func runWorker(ctx context.Context, a *app, args []string) error {
	queue := inbox.Queue
	switch len(args) {
	case 0:
	case 1:
		queue = args[0]
	default:
		return usageError{fmt.Sprintf("dozen-app worker: want at most one queue, got %q", args)}
	}
	client, lease, err := newWorker(a, queue)
	if err != nil {
		return err
	}
	defer a.metrics.Start()()

	go a.watchSchema(ctx)
	for started := false; !started; {
		// The worker must have a lease before it takes a job, because a job without a lease counts as lost.
		err := lease.Beat(ctx)
		if err == nil {
			err = client.Start(ctx)
		}
		if started = err == nil; !started {
			a.log.ErrorContext(ctx, "worker is waiting for the database", "error", err)
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

	<-ctx.Done() // which also stops River, see SoftStopTimeout
	a.log.Info("worker is draining: it takes no new jobs and finishes its running ones")
	<-client.Stopped()
	stopLease()
	<-leaseDone
	ending, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer done()
	if err := lease.End(ending); err != nil {
		a.log.Warn("cannot delete the lease", "error", err)
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
		Logger:            slog.New(warningsOnly{a.log.Handler()}),
		FetchPollInterval: 200 * time.Millisecond, // web does not notify workers, see docs/adr/0101
		// The pause between two fetches. River's 100 ms would leave a few fast workers idle.
		FetchCooldown:   5 * time.Millisecond,
		SoftStopTimeout: max(a.Drain-stopMargin, a.Drain/2),
		// Leases let other workers collect the jobs of dead workers long before this.
		RescueStuckJobsAfter: time.Hour,
	})
	if err != nil {
		return nil, nil, err
	}
	in := inbox.New(a.db, client)
	river.AddWorker(workers, deliver.NewWorker(in, a.log, a.metrics, a.WorkerConcurrency))
	upkeep.Register(workers, in, storage.Open(a.Storage, a.aws), a.Retention, a.log)
	return client, lease, nil
}

// warningsOnly drops River's own log lines below warnings, because our worker logs every delivery itself.
type warningsOnly struct{ slog.Handler }

func (h warningsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}
