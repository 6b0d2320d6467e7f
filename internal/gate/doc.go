// Package gate is the migration gate: it decides whether a release may continue. No new code runs before its migration
// has succeeded.
//
// It is the inside of a CloudFormation custom resource that every service waits for. It has no AWS types and makes no
// calls. A State is driven in three steps: Next returns what to do, the caller does it, Apply takes in the result.
// Drive is that loop. Package handler makes the calls.
//
//	CloudFormation ── Create / Update / Delete ──┐
//	                                             ▼
//	             Delete ───────────────────► answering ──► listing ─► deleting ─► done
//	                                          ▲  ▲  ▲
//	    asking ── rollback: SUCCESS ──────────┘  │  │
//	      │   └── too late, bad property: FAILED ┘  │
//	      │                                         │
//	      ├─ with a snapshot: snapshotting ─ copying ── no snapshot: FAILED
//	      ▼                                     │   │
//	    starting ◄──────────────────────────────┘   │
//	      │  └─ no task known ──► finding ─ no task: FAILED
//	      ▼                          │              │
//	    watching ◄───────────────────┘              │
//	      │  │                                      │
//	      │  └─ stopped ─ exit code 0 by itself: SUCCESS
//	      │           └── anything else ─► reading the log: FAILED
//	      └─ deadline ─► stopping ─► ending ─► as if stopped, and FAILED if not
//
// With a snapshot and SUCCESS, the oldest of this environment's snapshots are deleted after the answer, except the newest
// ones (listing, deleting). RDS has a quota of 100 manual snapshots in a region; without this, the release after the last free
// one and all that follow would fail. A fault there is logged and changes nothing.
//
// In every other phase, when the invocation's time runs out, the State goes to a new invocation of the same function.
//
// Before the gate answers FAILED without having started a task, it searches ECS for a task that an earlier handler
// started before it died (finding), and stops it: otherwise that task would run on unseen, without a deadline.
//
// # What the stack's status decides
//
//	request  stack's status                revision        outcome
//	Delete   not asked                                     SUCCESS at once
//	Update   UPDATE_ROLLBACK_IN_PROGRESS   earlier, same   SUCCESS at once: the release has been migrated before
//	Update   UPDATE_ROLLBACK_IN_PROGRESS   later           FAILED: an old event; nobody waits for it
//	Update   unknown                       earlier         SUCCESS at once: only a rollback leads to an earlier one
//	any      at rest, or being deleted     any             FAILED: nobody waits for it
//	any      otherwise                     any             the migration runs
//
// A rollback does not run a migration. What it returns to has passed this gate before, nothing migrates down, and a
// rollback that depends on a free Fargate slot can end in UPDATE_ROLLBACK_FAILED, where only a person can help.
// Releasing an old image again is not a rollback: its migration runs, finds the newer schema, and exits with 0.
//
// # Lasting settings
//
// The same function guards a second custom resource, LastingType, in the stack that keeps data. It compares the settings of
// the deployed environment, which CloudFormation sends along, with those of the deployment:
//
//	Create, Delete                           SUCCESS
//	Update   nothing changes unconfirmed     SUCCESS
//	Update   UPDATE_ROLLBACK_IN_PROGRESS     SUCCESS: the environment was like this before
//	Update   otherwise                       FAILED: the settings, their values, what the change does, how to confirm it
//
// # Why it happens once
//
// Lambda delivers an event at least once, sometimes twice, and again after a handler has died; two handlers may
// work on one request at the same time. Nothing is locked. Instead, no effect can be repeated by a second call:
//   - RunTask carries Event.Token, which is the same for every delivery. ECS starts one task for it and gives every
//     later call the same task (a token lives for 24 hours, or the task's life and an hour).
//   - The snapshot's name contains the token.
//   - The deadline counts from the time in the answer's presigned address, so that all handlers share it.
//   - The answer is an object in S3, put on condition that it does not exist yet (If-None-Match: *).
//
// # What the answer says
//
// Every answer has the attributes TaskArn, Release and Snapshot. A failure says what happened, the remedy, the task,
// the log group and stream, and the log's last lines with secrets masked: 4096 bytes in all.
package gate
