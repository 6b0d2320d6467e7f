// Package migrationlint refuses migrations that break the release which is still running.
//
// While a release rolls, old code (N-1) and new code (N) run on the new schema. So a migration may only add; what N-1
// uses goes in a later release, when nothing uses it any more. And it must not stop the traffic while it runs: a
// statement that waits for its lock makes every later one on that table wait behind it.
//
//	release N      add the new, nullable or with a default    old and new code both work
//	release N      backfill in batches, in a job
//	release N+1    code uses the new only
//	release N+2    drop the old, with an override that says so
//
// It reads goose's SQL files, with PostgreSQL's own parser (compiled to WebAssembly, no C). Only what stands under
// "-- +goose Up" is looked at. A table that the same file creates is not in use: everything is allowed on it.
//
// An override stands above its statement, and its reason is for the reviewer:
//
//	-- dozen:allow drop-column: nothing has read it since release 41
//	ALTER TABLE orders DROP COLUMN legacy_total;
package migrationlint
