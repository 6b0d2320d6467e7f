package migrationlint

import (
	"bytes"
	"regexp"
	"slices"
)

// hasBegin reports whether the file says itself where its transactions begin.
func (m migration) hasBegin() bool {
	return slices.ContainsFunc(m.statements, func(s statement) bool {
		return s.kind == "TransactionStmt" && decodeOf[transactionStatement](s).begins()
	})
}

// isConcurrent reports whether the file has one statement, which PostgreSQL refuses in a transaction.
func (m migration) isConcurrent() bool {
	return len(m.statements) == 1 && (m.statements[0].kind == "VacuumStmt" || concurrently.MatchString(m.statements[0].text))
}

var concurrently = regexp.MustCompile(`(?i)\bconcurrently\b`)

func (t transactionStatement) begins() bool {
	return t.Kind == "TRANS_STMT_BEGIN" || t.Kind == "TRANS_STMT_START"
}

// transaction follows BEGIN and COMMIT in a file without annotations, as Django and Alembic print them: what a transaction holds
// ends with it. It returns false for every other statement about transactions.
func (l *linter) transaction() bool {
	t := decode[transactionStatement](l)
	switch {
	case t.begins():
		l.migration.noTx = false
	case t.Kind == "TRANS_STMT_COMMIT":
		l.migration.noTx, l.held = true, ""
		l.timeoutSet = l.settings.LockTimeoutIsSet || l.timeoutSet && !l.timeoutLocal
	default:
		return false
	}
	return true
}

// books are the tables in which tools note what they have applied. The running version does not read them.
var books = []string{
	"alembic_version", "django_migrations", "schema_migrations", "ar_internal_metadata", "_prisma_migrations",
	"knex_migrations", "flyway_schema_history",
}

// keepsBooks reports whether the statement only changes such a table.
func (l *linter) keepsBooks() bool {
	switch l.current.kind {
	case "InsertStmt", "UpdateStmt", "DeleteStmt":
		nested := bytes.Contains(l.current.tree, []byte(`"withClause"`)) // which may change other tables
		return !nested && slices.Contains(books, decode[changeRows](l).Relation.Name)
	}
	return false
}
