// Package rollout keeps a service's tasks running and replaces them as Amazon ECS does in a rolling update.
//
//	Deploy ─► underway ── desired tasks, all of the revision, all healthy ─► steady          nil
//	             │
//	             └─ as many tasks failed as the breaker allows
//	                  ├─ Rollback, and one was steady before ─► rollingBack ─► rolledBack    *RolledBack
//	                  ├─ Rollback, and none was              ─► abandoning  ─► abandoned     error
//	                  └─ no Rollback                         ─► halted                       error
//
// A task, with DeregisterFirst:
//
//	launching ─► running ─► healthy ⇄ unhealthy ─► draining ─── drained ─► stopping ─► gone
//	    └───────────┴──────────┴─── exits by itself, or unhealthy after the grace: a failure
//
// # How it is built
//
// Whatever happens (a check, an exit, a timer, a call) is an event that changes the state. After each, plan, a pure
// function without a clock, says what to do, and the service does it. One goroutine does all that; nothing in it waits. So
// a test can play thousands of lives in which everything happens in any order, and hold each action against the promises.
//
// # What it promises in a deployment
//
//   - A healthy task is stopped only when enough healthy ones are left (the minimum, rounded up), of old and new together.
//   - A task is started only when no more exist then than the maximum allows (rounded down). Tasks that are still
//     stopping exist: a service with 0/100 never has two.
//   - A revision is steady only when all its tasks are healthy and all others are gone.
//   - What crashes is beyond any promise, and replaced.
//
// Tasks of an old revision that fail during a deployment are not replaced, unless it is rolled back to. A deployment while
// no task is wanted is steady at once, and proves nothing about its revision.
//
// # Times
//
// Without a balancer, a task is healthy when it has run for 2 s. After a failed task, the next start waits 1 s, and twice
// as long after each further failure in a row, up to 60 s; the first healthy task ends that.
package rollout
