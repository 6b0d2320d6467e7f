package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	rivers "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

type arguments struct {
	Name string `json:"name"`
}

func (arguments) Kind() string { return "job" }

type worker struct {
	rivers.WorkerDefaults[arguments]
	busy chan bool
}

func (w *worker) Timeout(*rivers.Job[arguments]) time.Duration { return -1 }

func (w *worker) NextRetry(job *rivers.Job[arguments]) time.Time {
	if job.Args.Name == "later" {
		return time.Now().Add(time.Hour)
	}
	return time.Now().Add(time.Second)
}

func (w *worker) Work(ctx context.Context, job *rivers.Job[arguments]) error {
	if job.Args.Name != "long" {
		return errors.New(job.Args.Name)
	}
	close(w.busy)
	<-ctx.Done()
	return ctx.Err()
}

func river() error {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	w := &worker{busy: make(chan bool)}
	workers := rivers.NewWorkers()
	rivers.AddWorker(workers, w)
	client, err := rivers.NewClient(riverpgxv5.New(pool), &rivers.Config{
		Queues: map[string]rivers.QueueConfig{"mail": {MaxWorkers: 1}}, Workers: workers,
	})
	if err != nil {
		return err
	}
	send := func(name, queue string, options rivers.InsertOpts) {
		options.Queue = queue
		if _, e := client.Insert(ctx, arguments{name}, &options); e != nil {
			err = e
		}
	}
	send("broken", "mail", rivers.InsertOpts{MaxAttempts: 1})
	for _, name := range []string{"later", "again", "long"} {
		send(name, "mail", rivers.InsertOpts{})
	}
	if err := errors.Join(err, client.Start(ctx)); err != nil {
		return err
	}
	<-w.busy
	send("due", "mail", rivers.InsertOpts{})
	send("past", "mail", rivers.InsertOpts{ScheduledAt: time.Now().Add(-time.Hour)})
	send("future", "mail", rivers.InsertOpts{ScheduledAt: time.Now().Add(time.Hour)})
	send("pending", "mail", rivers.InsertOpts{Pending: true})
	send("other", "other", rivers.InsertOpts{})
	time.Sleep(2 * time.Second) // until the job that is tried again is due
	return err
}
