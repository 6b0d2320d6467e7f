// Package backlog counts the jobs that wait in other people's queues, and prints the metric line that workers are scaled by. It runs
// in the proxy of each task, and connects as the app does:
//
//	door of web ----+                     +-- database: River, Solid Queue, Oban, ... or a query of the team's
//	door of worker -+-- one of them, ---->|
//	door of ... ----+   each minute       +-- cache: Sidekiq, Celery, RQ, BullMQ, asynq
//	                        |
//	                        v
//	                 {"_aws": ..., "Process": "worker", "Backlog": 12, "BacklogAge": 3.5}
//
// Which one is decided by a lock in the store itself. In the database it is an advisory lock, which the door holds as long as its
// connection lives; in the cache, a key that expires before the next minute. While the lock changes hands two may count in the same
// minute, or none in one minute: the metric's statistic is its maximum, and a minute without a line changes nothing.
//
// A store that cannot be asked has no line in that minute, and a worker without lines keeps its tasks.
package backlog
