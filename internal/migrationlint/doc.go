// Package migrationlint refuses migrations that are not known to be safe for the version which is still running.
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
// It reads SQL with PostgreSQL's own parser (compiled to WebAssembly, no C): the files of goose, sql-migrate and dbmate, of which it
// only checks the way up, and files that are the way up as a whole, such as those of golang-migrate, Flyway, Prisma and graphile-migrate.
// Django and Alembic print such SQL. In a file without annotations, the statements between BEGIN and COMMIT are one transaction. If
// there is no BEGIN, all of them are one, as these tools run them, and a statement that is alone needs none.
//
//	kinds.go    the kinds of statements that are known to be safe, with their conditions; all others are refused
//	alter.go    the same for the clauses of ALTER TABLE
//	rules.go    why something is refused, and its safe form
//	known.go    what earlier migrations of the directory tell: the type of a column, what an index or constraint is
//
// A table that the same file creates is not in use yet: everything is allowed on it, unless it may be an older one (IF
// NOT EXISTS). Bodies of functions are not read, so what triggers do is for the reviewer. So is whether the running
// version writes what a new CHECK or unique index of an old column refuses: both are for columns that it fills rightly.
//
// An override is in the lines above its statement and allows one problem of it. Its reason is for the reviewer:
//
//	-- dozen:allow drop-column: nothing has read it since release 41
//	ALTER TABLE orders DROP COLUMN legacy_total;
package migrationlint
