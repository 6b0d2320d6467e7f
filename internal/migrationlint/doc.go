// Package migrationlint finds migrations that break the version which is still running.
//
// During a release, the old version (N-1) and the new one (N) run on the new schema. So a migration may only add; what
// N-1 uses is dropped in a later release, when nothing uses it any more. And a migration must not stop the traffic
// while it runs: if a statement waits for its lock, every later statement on that table waits behind it.
//
//	release N      add the new, nullable or with a default    old and new version both work
//	release N      backfill in batches, in a job
//	release N+1    the new version uses only the new
//	release N+2    drop the old, with an override
//
// It reads goose's SQL files with PostgreSQL's own parser (compiled to WebAssembly, no C). It only checks the
// statements under "-- +goose Up". A table that the same file creates is not in use yet: everything is allowed on it.
//
// An override is above its statement, and its reason is for the reviewer:
//
//	-- dozen:allow drop-column: nothing has read it since release 41
//	ALTER TABLE orders DROP COLUMN legacy_total;
package migrationlint
