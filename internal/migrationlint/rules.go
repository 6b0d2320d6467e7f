package migrationlint

// rule says why a statement is refused, and its safe form.
type rule struct{ breaks, safe string }

const inALaterRelease = "stop using it in this release, and drop it in the release after next, with an override"

// rules are all rules of the linter. An override names one of them.
var rules = map[string]rule{
	"not-listed": {
		"it is not among the statements that are known to be safe for the running version",
		"leave it out, do it where the database is administered, or say in an override why no version in use notices it",
	},
	"opaque": {
		"nobody sees here what it does",
		"write plain statements, or a job in the app",
	},
	"nested-write": {
		"it changes rows inside another statement",
		"write INSERT, UPDATE or DELETE as a statement of its own, in a batch by key",
	},
	"drop-table":  {"the running version still uses it", inALaterRelease},
	"drop-column": {"the running version still reads or writes it", inALaterRelease},
	"drop-object": {
		"the running version may use it",
		"CREATE OR REPLACE it (function, view with the old columns first, trigger), or drop it one release after its last use, " +
			"with an override",
	},
	"drop-constraint": {
		"ON CONFLICT of the running version may need it, and so may what it does on delete; only a CHECK or a plain foreign " +
			"key of an earlier migration is known not to be needed",
		"drop it one release after its last use, with an override",
	},
	"drop-default": {
		"the running version inserts rows without the column, or with it, and these inserts fail",
		"keep the column's default or identity as it is until no version relies on it",
	},
	"revoke": {
		"the running version may lose what it is allowed to do",
		"GRANT what the new version needs, and take away one release after its last use, with an override",
	},
	"rename-table": {
		"the running version only knows the old name",
		"CREATE VIEW with the new name, change the code to use it, and rename when nothing uses the old name",
	},
	"rename-column": {
		"the running version only knows the old name",
		"ADD COLUMN with the new name, write both, backfill, read the new one, then drop the old one",
	},
	"rename-object": {
		"the running version only knows the old name",
		"keep the name, and add a new type, value, function, schema or constraint",
	},
	"change-column-type": {
		"it may rewrite or check the table under an exclusive lock, and the running version knows the old type; only a " +
			"limit that an earlier migration has declared can be loosened, as from varchar(20) to varchar(40) or text",
		"ADD COLUMN with the new type, write both, backfill in batches, switch, then drop the old one",
	},
	"not-null-no-default": {
		"the running version inserts rows without the column, and these inserts fail",
		"ADD COLUMN ... NOT NULL DEFAULT a constant, or add the column as NULL, write it in every version, then make it NOT NULL",
	},
	"check-new-column": {
		"the running version inserts rows without the column, and the constraint refuses them",
		"add the column as NULL, and the constraint when every version in use writes the column; or give it a DEFAULT",
	},
	"unique-new-column": {
		"the running version gives the same value to all its rows, and the second insert fails",
		"add the column as NULL without a default, and write it in every version before the unique index",
	},
	"set-not-null": {
		"it scans the table under an exclusive lock, and the running version may write NULL",
		"when every version in use writes the column: ADD CONSTRAINT c CHECK (column IS NOT NULL) NOT VALID; " +
			"VALIDATE CONSTRAINT c in a later migration; then SET NOT NULL",
	},
	"volatile-default": {
		"a default that differs from row to row rewrites the table under an exclusive lock",
		"add the column without it, ALTER COLUMN SET DEFAULT for new rows, and backfill the old rows in batches",
	},
	"table-rewrite": {
		"it rewrites the table under an exclusive lock",
		"add a plain column and fill it in batches; identity, serial and stored expressions only in new tables; plain VACUUM",
	},
	"json-column": {
		"json has no equality, so SELECT DISTINCT of the running version fails",
		"jsonb",
	},
	"domain-column": {
		"PostgreSQL rewrites the table to check the domain's constraints",
		"the domain's base type, and ADD CONSTRAINT ... CHECK (...) NOT VALID",
	},
	"add-check": {
		"it scans the table under an exclusive lock",
		"ADD CONSTRAINT ... CHECK (...) NOT VALID, and VALIDATE CONSTRAINT in a later migration",
	},
	"add-foreign-key": {
		"it scans the table and locks both tables against writes",
		"ADD CONSTRAINT ... FOREIGN KEY ... NOT VALID, and VALIDATE CONSTRAINT in a later migration",
	},
	"add-unique": {
		"it builds an index under an exclusive lock",
		"CREATE UNIQUE INDEX CONCURRENTLY in a file with -- +goose NO TRANSACTION, then ADD CONSTRAINT ... USING INDEX",
	},
	"add-exclusion": {
		"it builds an index under an exclusive lock, and PostgreSQL cannot build it concurrently",
		"create a new table with the constraint and move the rows",
	},
	"alter-domain": {
		"it scans every table with a column of the domain, and the running version may write what it refuses",
		"a new domain, or a CHECK constraint NOT VALID on each table",
	},
	"lock-held": {
		"an earlier statement of this transaction keeps everybody from writing to the table until this one has read its rows",
		"put it into a later migration",
	},
	"create-index": {
		"it locks the table against writes until the index is built; a table of CREATE TABLE IF NOT EXISTS may be an old one",
		"DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY i ..., in a file with -- +goose NO TRANSACTION; " +
			"or CREATE TABLE without IF NOT EXISTS",
	},
	"drop-index": {
		"it locks the table, even against reads",
		"DROP INDEX CONCURRENTLY IF EXISTS i, in a file with -- +goose NO TRANSACTION",
	},
	"drop-unique-index": {
		"ON CONFLICT of the running version needs the index if it is unique, and no earlier migration says that it is not",
		"drop it one release after its last use, with an override",
	},
	"concurrently-in-tx": {
		"it fails inside a transaction",
		"put it into a file of its own with -- +goose NO TRANSACTION",
	},
	"index-no-rerun": {
		"if it is interrupted it leaves an invalid index: a second run fails on it, or with IF NOT EXISTS keeps it",
		"DROP INDEX CONCURRENTLY IF EXISTS i; right before CREATE INDEX CONCURRENTLY i ... without IF NOT EXISTS",
	},
	"not-rerunnable": {
		"without a transaction, a second run may find that it is already done, and fail",
		"IF NOT EXISTS, IF EXISTS, OR REPLACE or ON CONFLICT, or move it to a file with a transaction",
	},
	"reindex": {
		"it locks the table against writes",
		"REINDEX ... CONCURRENTLY, in a file with -- +goose NO TRANSACTION",
	},
	"refresh-view": {
		"it locks the view against reads",
		"REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index on the view",
	},
	"truncate": {
		"it deletes rows that the running version uses, under an exclusive lock",
		"DELETE in batches by key, in a job",
	},
	"lock-table": {
		"it stops the running version at this table",
		"leave it out: each statement takes the lock that it needs",
	},
	"unbounded-write": {
		"it may change every row in one transaction: long locks, bloat, and a deadline that may pass",
		"backfill in batches in a job, or name the rows: key = 1, key IN (1, 2), key BETWEEN 1 AND 10000, " +
			"key IN (SELECT ... LIMIT 10000)",
	},
	"row-security": {
		"the running version sees other rows than before",
		"CREATE POLICY (permissive) first, and change row security when every version in use has its policy, with an override",
	},
	"partition": {
		"it locks the parent, may scan a table under that lock, and changes which rows the running version sees in the parent",
		"CREATE TABLE p (LIKE parent INCLUDING ALL); then ALTER TABLE parent ATTACH PARTITION p ..., in the same file; " +
			"detach one release after the last use, CONCURRENTLY and with an override",
	},
	"session": {
		"it changes what the following statements mean, or cannot be judged",
		"write the schema in front of each name, and leave roles and triggers as they are",
	},
	"transaction-control": {
		"goose itself begins and ends the transaction",
		"leave BEGIN, COMMIT and ROLLBACK out; use -- +goose NO TRANSACTION for a file without a transaction",
	},
	"no-lock-timeout": {
		"it waits for its lock without a limit, or longer than 10 s, and everything on that table waits behind it",
		"SET LOCAL lock_timeout = '2s'; at the beginning of the file (SET without LOCAL under NO TRANSACTION)",
	},
	"no-goose-up": {"the file before it has lines such as -- +goose Up, and a tool that needs them ignores or refuses this file",
		"begin the file with the line with which the others begin"},
	"syntax": {"PostgreSQL cannot parse it", "correct the SQL"},
	"bad-override": {
		"an override allows one problem of the statement below it, and gives a reason of at least 10 characters",
		"-- dozen:allow RULE: why the running version does not need it",
	},
}
