package config

import (
	"fmt"
	"maps"
	"slices"
)

// SourceKind is what tells how many jobs wait for a worker.
type SourceKind string

// The kinds that need nothing but the app or AWS.
const (
	// SourceMetric is the Backlog line that the app itself writes once a minute, see docs/variables.md. While there is no line, the
	// number of tasks stays as it is.
	SourceMetric SourceKind = "metric"
	// SourceCPU keeps the worker's CPU near Source.CPUPercent. It does not see jobs, so Min is 1 or more.
	SourceCPU SourceKind = "cpu"
	// SourceQueue is the SQS queue of Options.Queue.
	SourceQueue SourceKind = "queue"
)

// The kinds that the proxy counts once a minute, so they need Connect: ConnectProxy. Those in the database:
const (
	// SourceSQL is Source.Query.
	SourceSQL            SourceKind = "sql"
	SourceRiver          SourceKind = "river"
	SourceSolidQueue     SourceKind = "solid-queue"
	SourceGoodJob        SourceKind = "good-job"        // version 4
	SourceDelayedJob     SourceKind = "delayed-job"     // with Active Record
	SourcePgBoss         SourceKind = "pg-boss"         // version 10 or later, in its usual schema
	SourceGraphileWorker SourceKind = "graphile-worker" // its queues are the identifiers of tasks
	SourceOban           SourceKind = "oban"
	SourceProcrastinate  SourceKind = "procrastinate"
)

// And those in the cache, in database 0 and with the library's usual names of keys:
const (
	SourceSidekiq SourceKind = "sidekiq" // what runs, is retried or is for later counts whatever its queue is
	SourceCelery  SourceKind = "celery"  // what is not acknowledged counts whatever its queue is; the age of the oldest job is unknown
	SourceRQ      SourceKind = "rq"
	SourceBullMQ  SourceKind = "bullmq" // needs the names of its queues
	SourceAsynq   SourceKind = "asynq"
)

// Source is where the backlog of a worker is counted. Workers are scaled by it.
type Source struct {
	// Kind is what is counted. SourceMetric is the Backlog line that the app writes, SourceCPU the CPU, SourceQueue the queue of
	// Options.Queue. With ConnectProxy the proxy counts: Query with SourceSQL; the jobs of River, Solid Queue, GoodJob, Delayed Job,
	// pg-boss, Graphile Worker, Oban or procrastinate in the app's database, found by its search path; or those of Sidekiq, Celery,
	// RQ, BullMQ or asynq in database 0 of the cache, with the library's usual keys. Jobs that are due or running count, also those of
	// a paused queue and of a worker that died, until the library gives them back. Jobs for later, jobs that wait for other jobs and
	// jobs that have failed for good do not count. Before a library has made its tables there is no line, and the number of tasks
	// stays as it is. Of Celery, everything that was sent and is not acknowledged counts, also what is for later, because only a
	// worker can tell; what runs counts with task_acks_late alone. Of Sidekiq, what runs, is tried again or is for later counts
	// whatever its queue is. asynq's groups are not seen.
	Kind SourceKind
	// Queues that the worker takes jobs from; none: all, and "celery" and "default" with Celery and RQ. Only for kinds that are
	// libraries. With SourceGraphileWorker they are the identifiers of tasks. SourceBullMQ needs them.
	Queues []string
	// Query of SourceSQL. It returns one row with the number of jobs that are due or running, and, if it has a second column, for how
	// many seconds the oldest due one has waited; NULL is 0. It is one statement in a read-only session, and is ended after 20 seconds.
	Query string
	// CPUPercent that SourceCPU aims at, 10 to 90.
	CPUPercent int
}

// sourceTraits tell what a kind needs.
type sourceTraits struct {
	proxy  bool // the proxy counts
	cache  bool // in the cache, and not in the database
	queues bool // it has queues
	age    bool // it knows how long the oldest job has waited
}

var (
	inDatabase = sourceTraits{proxy: true, queues: true, age: true}
	inCache    = sourceTraits{proxy: true, cache: true, queues: true, age: true}
)

var sourceKinds = map[SourceKind]sourceTraits{
	SourceMetric: {age: true}, SourceCPU: {}, SourceQueue: {age: true},
	SourceSQL:   {proxy: true, age: true},
	SourceRiver: inDatabase, SourceSolidQueue: inDatabase, SourceGoodJob: inDatabase, SourceDelayedJob: inDatabase,
	SourcePgBoss: inDatabase, SourceGraphileWorker: inDatabase, SourceOban: inDatabase, SourceProcrastinate: inDatabase,
	SourceSidekiq: inCache, SourceRQ: inCache, SourceBullMQ: inCache, SourceAsynq: inCache,
	SourceCelery: {proxy: true, cache: true, queues: true},
}

// Counted reports whether the proxy counts the jobs.
func (s Source) Counted() bool { return sourceKinds[s.Kind].proxy }

// Aged reports whether it is known how long the oldest job has waited.
func (s Source) Aged() bool { return sourceKinds[s.Kind].age }

// longestQuery in bytes: a task definition has room for 64 KiB.
const longestQuery = 4000

func (s Source) validate(p *problems, field string, e Environment, w Worker) {
	traits, ok := sourceKinds[s.Kind]
	p.require(ok, field+".Kind", string(s.Kind), "allowed are "+listed(slices.Sorted(maps.Keys(sourceKinds))),
		"write SourceMetric if the app writes the Backlog line of docs/variables.md, the library that keeps its jobs, or SourceCPU")
	if !ok {
		return
	}
	p.require(!traits.proxy || e.Connect == ConnectProxy, field+".Kind", string(s.Kind),
		"the proxy counts these jobs, and Connect is "+string(e.Connect),
		"set Connect to ConnectProxy, or let the app write the Backlog line and write SourceMetric")
	p.require(!traits.cache || !e.Cache.Off, field+".Kind", string(s.Kind), "its jobs are in the cache, and Cache.Off is true",
		"set it to false, or name another source")
	p.require(s.Kind != SourceQueue || e.Options.Queue, field+".Kind", string(s.Kind), "Options.Queue is false", "set it to true")
	p.require(s.Kind != SourceCPU || w.Min >= 1, field+".Kind", string(s.Kind),
		"Min is 0, and the CPU of no task does not tell that there is work", "write Min: 1, or name a source that counts jobs")
	p.require((s.Kind == SourceCPU) == (s.CPUPercent != 0) && (s.CPUPercent == 0 || s.CPUPercent >= 10 && s.CPUPercent <= 90),
		field+".CPUPercent", s.CPUPercent, "allowed are 10 to 90 with SourceCPU, and 0 otherwise", "write 60, or 0")
	p.require((s.Kind == SourceSQL) == (s.Query != "") && len(s.Query) <= longestQuery,
		field+".Query", fmt.Sprintf("%.60s", s.Query), fmt.Sprintf("SourceSQL has one, of at most %d bytes, and no other kind", longestQuery),
		"write a query that returns the number of jobs and the age of the oldest one in seconds")
	p.require(traits.queues || len(s.Queues) == 0, field+".Queues", listed(s.Queues), string(s.Kind)+" has no queues", "remove them")
	p.require(s.Kind != SourceBullMQ || len(s.Queues) > 0, field+".Queues", "empty", "BullMQ keeps no list of its queues", "name them")
	for _, queue := range s.Queues {
		p.require(queue != "" && len(queue) <= 200, field+".Queues", fmt.Sprintf("%.60q", queue), "a name has 1 to 200 bytes", "correct it")
	}
}
