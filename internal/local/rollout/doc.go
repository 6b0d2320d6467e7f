// Package rollout keeps a service's tasks running and replaces them as Amazon ECS does in a rolling update. All
// deployments in this package are service deployments.
//
//	Deploy ─► underway ── desired tasks, all of the release, all healthy ─► steady         nil
//	             │
//	             └─ as many tasks failed as the circuit breaker allows
//	                  ├─ Rollback, and a release was steady before ─► rollingBack ─► rolledBack   *RolledBack
//	                  ├─ Rollback, and no release was              ─► abandoning  ─► abandoned    error
//	                  └─ no Rollback                               ─► halted                      error
//
// A task, with DeregisterFirst:
//
//	launching ─► running ─► healthy ⇄ unhealthy ─► draining ─── drained ─► stopping ─► gone
//	    └───────────┴──────────┴─── exits by itself, or unhealthy after the grace period: a failure
//
// # How it is built
//
// Everything that happens (a health check, an exit, a timer, a call) is an event that changes the state. After each
// event, plan, a pure function without a clock, decides what to do, and the service does it. One goroutine does all of
// this, and it never waits. So a test can play thousands of histories in which everything happens in any order, and
// check each action against the promises.
//
// # What it promises during a deployment
//
//   - A healthy task is stopped only if enough healthy tasks remain (the minimum, rounded up), old and new together.
//   - A task is started only if the number of tasks stays within the maximum (rounded down). Tasks that are still
//     stopping count: a service with 0/100 never has two.
//   - A release is steady only when all of its tasks are healthy and all other tasks are gone.
//   - A task that crashes breaks no promise. It is replaced.
//
// Tasks of an old release that fail during a deployment are not replaced, unless the service is rolled back to that
// release. If Desired is 0, a deployment is steady at once and proves nothing about its release.
//
// # Times
//
// Without a balancer, a task is healthy when it has run for 2 s. After a task has failed, the next start waits 1 s, and
// twice as long after each further failure in a row, up to 60 s. The first healthy task ends the wait.
package rollout
