package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/hibiken/asynq"
)

func queue() error {
	redis, err := asynq.ParseRedisURI(os.Getenv("REDIS_URL"))
	if err != nil {
		return err
	}
	client := asynq.NewClient(redis)
	send := func(name, queue string, options ...asynq.Option) {
		options = append(options, asynq.Queue(queue), asynq.TaskID(name), asynq.Timeout(2*time.Hour))
		if _, e := client.Enqueue(asynq.NewTask(name, nil), options...); e != nil {
			err = e
		}
	}
	send("broken", "mail", asynq.MaxRetry(0))
	for _, name := range []string{"later", "again", "long"} {
		send(name, "mail", asynq.MaxRetry(1))
	}
	busy := make(chan bool)
	server := asynq.NewServer(redis, asynq.Config{
		Concurrency: 1, Queues: map[string]int{"mail": 1}, DelayedTaskCheckInterval: time.Second, LogLevel: asynq.ErrorLevel,
		RetryDelayFunc: func(_ int, _ error, task *asynq.Task) time.Duration {
			if task.Type() == "later" {
				return time.Hour
			}
			return 0
		},
	})
	if err := errors.Join(err, server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		if task.Type() != "long" {
			return errors.New(task.Type())
		}
		close(busy)
		select {}
	}))); err != nil {
		return err
	}
	<-busy
	send("due", "mail")
	send("past", "mail", asynq.ProcessAt(time.Now().Add(-time.Hour)))
	send("future", "mail", asynq.ProcessAt(time.Now().Add(time.Hour)))
	send("other", "other")
	inspector := asynq.NewInspector(redis)
	for { // until the job that is tried again is due
		info, e := inspector.GetTaskInfo("mail", "again")
		if e != nil || err != nil {
			return errors.Join(err, e)
		}
		if info.State == asynq.TaskStatePending {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}
