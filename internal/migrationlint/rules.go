package migrationlint

// rule says what a statement breaks, and its safe form.
type rule struct{ breaks, safe string }

// rules are all rules of the linter. An override names one of them.
var rules = map[string]rule{
	"drop-table": {
		breaks: "the running version still uses it",
		safe:   "stop using it in this release, and drop it in the release after next",
	},
	"drop-column": {
		breaks: "the running version still reads or writes it",
		safe:   "stop using it in this release, and drop it in the release after next",
	},
	"drop-view": {
		breaks: "the running version may read it",
		safe: "CREATE OR REPLACE VIEW with the old columns first and the new ones after them, " +
			"or drop it one release after its last use",
	},
	"drop-type": {
		breaks: "the running version may use it",
		safe:   "drop it one release after its last use",
	},
	"drop-function": {
		breaks: "the running version may call it, and so may triggers",
		safe:   "CREATE OR REPLACE FUNCTION with the same arguments, or drop it one release after its last use",
	},
	"drop-schema": {
		breaks: "the running version may use its objects",
		safe:   "drop it one release after its last use",
	},
	"drop-sequence": {
		breaks: "the running version may take numbers from it",
		safe:   "drop it one release after its last use",
	},
	"drop-extension": {
		breaks: "the running version may use its types and functions",
		safe:   "drop it one release after its last use",
	},
	"drop-owned": {
		breaks: "it drops and revokes things that are not listed",
		safe:   "drop or revoke each by its name",
	},
	"drop-default": {
		breaks: "the running version may insert rows without the column",
		safe:   "keep the default until no version relies on it",
	},
	"revoke": {
		breaks: "the running version may need the privilege",
		safe:   "revoke it one release after its last use",
	},
	"rename-table": {
		breaks: "the running version only knows the old name",
		safe:   "create a view with the new name, change the code to use it, and rename when nothing uses the old name",
	},
	"rename-column": {
		breaks: "the running version only knows the old name",
		safe:   "add a column with the new name, write both, backfill, read the new one, then drop the old one",
	},
	"rename-type": {
		breaks: "the running version only knows the old name",
		safe:   "keep the old name, and add a new type or value",
	},
	"rename-other": {
		breaks: "the running version may know the old name",
		safe:   "keep the name until nothing uses it",
	},
	"change-schema": {
		breaks: "the running version looks for it in the old schema",
		safe:   "leave it there, or create a view of it in the new schema",
	},
	"change-column-type": {
		breaks: "it rewrites the table under an exclusive lock, and the running version reads and writes the old type",
		safe:   "add a column with the new type, write both, backfill in batches, switch, then drop the old one",
	},
	"not-null-no-default": {
		breaks: "the running version inserts rows without the column, and these inserts fail",
		safe:   "ADD COLUMN ... NOT NULL DEFAULT a constant, or add it nullable",
	},
	"set-not-null": {
		breaks: "it scans the table under an exclusive lock, and the running version may write NULL",
		safe: "ADD CONSTRAINT c CHECK (column IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT c in a later migration; " +
			"then SET NOT NULL",
	},
	"volatile-default": {
		breaks: "a default that differs from row to row rewrites the table under an exclusive lock",
		safe:   "add the column without it, ALTER COLUMN SET DEFAULT for new rows, and backfill the old rows in batches",
	},
	"table-rewrite": {
		breaks: "it rewrites the table under an exclusive lock",
		safe:   "add a plain column and fill it in batches; use identity, serial and stored expressions only in new tables",
	},
	"add-check": {
		breaks: "it scans the table under an exclusive lock",
		safe:   "ADD CONSTRAINT ... CHECK (...) NOT VALID, and VALIDATE CONSTRAINT in a later migration",
	},
	"add-foreign-key": {
		breaks: "it scans the table and locks both tables against writes",
		safe:   "ADD CONSTRAINT ... FOREIGN KEY ... NOT VALID, and VALIDATE CONSTRAINT in a later migration",
	},
	"add-unique": {
		breaks: "it builds an index under an exclusive lock",
		safe:   "CREATE UNIQUE INDEX CONCURRENTLY in a file with -- +goose NO TRANSACTION, then ADD CONSTRAINT ... USING INDEX",
	},
	"add-exclusion": {
		breaks: "it builds an index under an exclusive lock, and PostgreSQL cannot build it concurrently",
		safe:   "create a new table with the constraint and move the rows",
	},
	"validate-at-once": {
		breaks: "in the transaction that added the constraint, it scans the table under that statement's lock",
		safe:   "VALIDATE CONSTRAINT in a later migration",
	},
	"create-index": {
		breaks: "it locks the table against writes until the index is built",
		safe:   "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY i ..., in a file with -- +goose NO TRANSACTION",
	},
	"drop-index": {
		breaks: "it locks the table, even against reads",
		safe:   "DROP INDEX CONCURRENTLY IF EXISTS i, in a file with -- +goose NO TRANSACTION",
	},
	"concurrently-in-tx": {
		breaks: "CONCURRENTLY fails inside a transaction",
		safe:   "put it into a file of its own with -- +goose NO TRANSACTION",
	},
	"index-no-rerun": {
		breaks: "if it is interrupted it leaves an invalid index: a second run fails on it, or with IF NOT EXISTS keeps it",
		safe:   "DROP INDEX CONCURRENTLY IF EXISTS i; right before CREATE INDEX CONCURRENTLY i ... without IF NOT EXISTS",
	},
	"not-rerunnable": {
		breaks: "without a transaction, a second run may find that it is already done, and fail",
		safe:   "IF NOT EXISTS, IF EXISTS or ON CONFLICT, or move it to a file with a transaction",
	},
	"reindex": {
		breaks: "it locks the table against writes",
		safe:   "REINDEX ... CONCURRENTLY, in a file with -- +goose NO TRANSACTION",
	},
	"refresh-view": {
		breaks: "it locks the view against reads",
		safe:   "REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index on the view",
	},
	"vacuum-full": {
		breaks: "it rewrites the table under an exclusive lock",
		safe:   "plain VACUUM, or leave it to autovacuum",
	},
	"truncate": {
		breaks: "it deletes rows that the running version uses, under an exclusive lock",
		safe:   "DELETE in batches, in a job",
	},
	"lock-table": {
		breaks: "it stops the running version at this table",
		safe:   "leave it out: each statement takes the lock that it needs",
	},
	"unbounded-write": {
		breaks: "it changes every row in one transaction: long locks, bloat, and a deadline that may pass",
		safe:   "backfill in batches by key, in a job",
	},
	"row-security": {
		breaks: "without a policy the running version sees no rows",
		safe:   "CREATE POLICY first, and enable row security when every version in use has its policy",
	},
	"detach-partition": {
		breaks: "it locks the parent table against everything",
		safe:   "DETACH PARTITION ... CONCURRENTLY, in a file with -- +goose NO TRANSACTION",
	},
	"opaque-block": {
		breaks: "this linter cannot check what a DO block does, and a reviewer in a hurry will not",
		safe:   "write plain statements, or a job in the app",
	},
	"transaction-control": {
		breaks: "goose itself begins and ends the transaction",
		safe:   "leave BEGIN, COMMIT and ROLLBACK out; use -- +goose NO TRANSACTION for a file without a transaction",
	},
	"no-lock-timeout": {
		breaks: "it waits for its lock without a limit, and everything on that table waits behind it",
		safe:   "SET LOCAL lock_timeout = '2s'; at the beginning of the file (SET without LOCAL under NO TRANSACTION)",
	},
	"no-goose-up": {
		breaks: "goose needs the line -- +goose Up",
		safe:   "begin the file with -- +goose Up",
	},
	"syntax": {
		breaks: "PostgreSQL cannot parse it",
		safe:   "correct the SQL",
	},
	"bad-override": {
		breaks: "an override must name a rule that its statement breaks, and give a reason of at least 10 characters",
		safe:   "-- dozen:allow RULE: why the running version does not need it",
	},
}
