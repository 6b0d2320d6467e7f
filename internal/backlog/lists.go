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
		c.age = max(c.age, float64(now.UnixMicro())/1e6-due)
	}
}

// later adds the jobs of a set by time that are due by now. One second in the set's order is scale.
func (c *count) later(r *reader, now time.Time, set string, scale float64) {
	c.jobs += r.number("ZCOUNT", set, "-inf", strconv.FormatFloat(float64(now.UnixMilli())/1e3*scale, 'f', -1, 64))
	if first, err := strconv.ParseFloat(r.text("EVAL", firstTime, 1, set), 64); err == nil {
		c.older(now, first/scale)
	}
}

// Scripts, because the jobs themselves may be larger than the door's memory.
const (
	firstTime    = "return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]"
	lastEnqueued = `return string.match(string.sub(redis.call('LINDEX', KEYS[1], -1) or '', -65536), '^.*"enqueued_at":(%d+%.?%d*)')`
)

// sidekiq: a list for each queue, its oldest job at the end; jobs for later and for another try in sets by time. What runs is a
// number for each process, of all its queues.
func sidekiq(r *reader, queues []string, now time.Time) (c count) {
	if len(queues) == 0 {
		queues = r.texts("SMEMBERS", "queues")
	}
	c.older(now, 0)
	for _, queue := range queues {
		c.jobs += r.number("LLEN", "queue:"+queue)
		enqueued, _ := strconv.ParseFloat(r.text("EVAL", lastEnqueued, 1, "queue:"+queue), 64)
		if enqueued > 1e11 { // since version 8 in milliseconds
			enqueued /= 1000
		}
		c.older(now, enqueued)
	}
	c.later(r, now, "schedule", 1)
	c.later(r, now, "retry", 1)
	for _, process := range r.texts("SMEMBERS", "processes") {
		busy, _ := strconv.ParseFloat(r.text("HGET", process, "busy"), 64)
		c.jobs += busy
	}
	return c
}

// celery: a list for each queue and priority. What workers have taken and not acknowledged is in one hash for all queues. A message
// does not tell when it was sent, so the age is unknown.
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
		c.jobs += r.number("LLEN", "rq:queue:"+queue) + r.number("ZCARD", "rq:wip:"+queue)
		c.later(r, now, "rq:scheduled:"+queue, 1)
		if job := r.text("LINDEX", "rq:queue:"+queue, 0); job != "" {
			enqueued, err := time.Parse(time.RFC3339Nano, r.text("HGET", "rq:job:"+job, "enqueued_at"))
			if err == nil {
				c.older(now, float64(enqueued.UnixMicro())/1e6)
			}
		}
	}
	return c
}

// bullmq: a list of what waits, its oldest job at the end, one of what runs, and sets of what has a priority or is for later. There
// is no list of queues. The order of a job for later is its time in milliseconds with twelve bits behind it, which count the jobs of
// the same millisecond. A job's hash tells when it was sent and last tried, but not when a delay before another try was over.
func bullmq(r *reader, queues []string, now time.Time) (c count) {
	c.older(now, 0)
	for _, queue := range queues {
		key := "bull:" + queue + ":"
		c.jobs += r.number("LLEN", key+"wait") + r.number("LLEN", key+"active") + r.number("ZCARD", key+"prioritized")
		c.later(r, now, key+"delayed", 1000<<12)
		job := r.text("LINDEX", key+"wait", -1)
		if values := r.texts("HMGET", key+job, "timestamp", "opts", "processedOn"); len(values) == 3 {
			sent, _ := strconv.ParseFloat(values[0], 64)
			tried, _ := strconv.ParseFloat(values[2], 64)
			var options struct{ Delay float64 }
			_ = json.Unmarshal([]byte(values[1]), &options)
			c.older(now, max(sent+options.Delay, tried)/1000)
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
		c.jobs += r.number("LLEN", key+"pending") + r.number("LLEN", key+"active")
		c.later(r, now, key+"scheduled", 1)
		c.later(r, now, key+"retry", 1)
		if job := r.text("LINDEX", key+"pending", -1); job != "" {
			since, _ := strconv.ParseFloat(r.text("HGET", key+"t:"+job, "pending_since"), 64)
			c.older(now, since/1e9)
		}
	}
	return c
}
