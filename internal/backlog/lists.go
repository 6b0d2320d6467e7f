package backlog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// lists are the libraries that keep jobs in Redis. Each asks for one key at a time, which also works where keys are distributed.
var lists = map[string]func(r *reader, queues []string, now time.Time) count{
	"sidekiq": sidekiq, "celery": celery, "rq": rq, "bullmq": bullmq, "asynq": asynq,
}

// older keeps the age of the job that has waited the longest; due 0 means that no job waits.
func (c *count) older(now time.Time, due float64) {
	c.aged = true
	if due > 0 {
		c.age = max(c.age, now.Sub(time.UnixMicro(int64(due*1e6))))
	}
}

// sidekiq: a list for each queue, its oldest job at the end; jobs for later and for another try in sets by time. What runs is a
// number for each process, of all its queues.
func sidekiq(r *reader, queues []string, now time.Time) (c count) {
	if len(queues) == 0 {
		queues = r.texts("SMEMBERS", "queues")
	}
	c.older(now, 0)
	for _, queue := range queues {
		c.jobs += r.number("LLEN", "queue:"+queue)
		var job struct {
			EnqueuedAt float64 `json:"enqueued_at"`
		}
		_ = json.Unmarshal([]byte(r.text("LINDEX", "queue:"+queue, -1)), &job)
		if job.EnqueuedAt > 1e11 { // since version 8 in milliseconds
			job.EnqueuedAt /= 1000
		}
		c.older(now, job.EnqueuedAt)
	}
	for _, set := range []string{"schedule", "retry"} {
		c.jobs += r.number("ZCOUNT", set, "-inf", now.Unix())
	}
	for _, process := range r.texts("SMEMBERS", "processes") {
		busy, _ := strconv.ParseFloat(r.text("HGET", process, "busy"), 64)
		c.jobs += busy
	}
	return c
}

// celery: a list for each queue and priority. What workers have taken is in one hash for all queues. A message does not tell
// when it was sent, so the age is unknown.
func celery(r *reader, queues []string, _ time.Time) (c count) {
	if len(queues) == 0 {
		queues = []string{"celery"}
	}
	for _, queue := range queues {
		for _, priority := range []string{"", "\x06\x163", "\x06\x166", "\x06\x169"} {
			c.jobs += r.number("LLEN", queue+priority)
		}
	}
	c.jobs += r.number("HLEN", "unacked")
	return c
}

// rq: a list for each queue, its oldest job at the beginning; a hash for each job.
func rq(r *reader, queues []string, now time.Time) (c count) {
	if len(queues) == 0 {
		queues = []string{"default"}
	}
	c.older(now, 0)
	for _, queue := range queues {
		c.jobs += r.number("LLEN", "rq:queue:"+queue) + r.number("ZCARD", "rq:wip:"+queue) +
			r.number("ZCOUNT", "rq:scheduled:"+queue, "-inf", now.Unix())
		if job := r.text("LINDEX", "rq:queue:"+queue, 0); job != "" {
			enqueued, err := time.Parse(time.RFC3339Nano, r.text("HGET", "rq:job:"+job, "enqueued_at"))
			if err == nil {
				c.older(now, float64(enqueued.UnixMicro())/1e6)
			}
		}
	}
	return c
}

// bullmq: a list of what waits, its oldest job at the end, one of what runs, and sets of what has a priority or is for later. A
// job's hash has the time in milliseconds. There is no list of queues.
func bullmq(r *reader, queues []string, now time.Time) (c count) {
	c.older(now, 0)
	for _, queue := range queues {
		key := "bull:" + queue + ":"
		c.jobs += r.number("LLEN", key+"wait") + r.number("LLEN", key+"active") + r.number("ZCARD", key+"prioritized")
		// The order of a delayed job is its time with twelve bits behind it, which count the jobs of the same millisecond.
		c.jobs += r.number("ZCOUNT", key+"delayed", "-inf", strconv.FormatInt(now.UnixMilli()<<12|0xfff, 10))
		if job := r.text("LINDEX", key+"wait", -1); job != "" {
			times := r.texts("HMGET", key+job, "timestamp", "delay")
			if len(times) == 2 {
				sent, _ := strconv.ParseFloat(times[0], 64)
				delay, _ := strconv.ParseFloat(times[1], 64)
				c.older(now, (sent+delay)/1000)
			}
		}
	}
	return c
}

// asynq: a list of what waits, its oldest job at the end, one of what runs, and sets of what is for later. A job's hash has the
// time since when it waits, in nanoseconds.
func asynq(r *reader, queues []string, now time.Time) (c count) {
	if len(queues) == 0 {
		queues = r.texts("SMEMBERS", "asynq:queues")
	}
	c.older(now, 0)
	for _, queue := range queues {
		key := fmt.Sprintf("asynq:{%s}:", queue)
		c.jobs += r.number("LLEN", key+"pending") + r.number("LLEN", key+"active") +
			r.number("ZCOUNT", key+"scheduled", "-inf", now.Unix()) + r.number("ZCOUNT", key+"retry", "-inf", now.Unix())
		if job := r.text("LINDEX", key+"pending", -1); job != "" {
			since, _ := strconv.ParseFloat(r.text("HGET", key+"t:"+job, "pending_since"), 64)
			c.older(now, since/1e9)
		}
	}
	return c
}
