package migrationlint

import "strings"

// kinds are the statements that are known to be safe for the version that is still running, with the function that
// checks their conditions; nil means that there are none. What is not here is refused.
var kinds = map[string]func(*linter){
	// What adds is not known to the running version.
	"CompositeTypeStmt":   (*linter).createType,
	"CreateDomainStmt":    (*linter).createDomain,
	"CreateEnumStmt":      (*linter).createType,
	"CreateExtensionStmt": (*linter).create,
	"CreateFunctionStmt":  (*linter).createFunction,
	"CreatePolicyStmt":    (*linter).createPolicy,
	"CreateRangeStmt":     (*linter).createType,
	"CreateRoleStmt":      (*linter).create,
	"CreateSchemaStmt":    (*linter).createSchema,
	"CreateSeqStmt":       (*linter).createSequence,
	"CreateStatsStmt":     (*linter).create,
	"CreateStmt":          (*linter).createTable,
	"CreateTableAsStmt":   (*linter).createTableAs,
	"CreateTrigStmt":      (*linter).createTrigger,
	"DefineStmt":          (*linter).define,
	"IndexStmt":           (*linter).createIndex,
	"ViewStmt":            (*linter).createView,

	// What changes is safe for some of its clauses, and for everything that the same file has made.
	"AlterDefaultPrivilegesStmt": (*linter).alterDefaultPrivileges,
	"AlterDomainStmt":            (*linter).alterDomain,
	"AlterEnumStmt":              (*linter).alterEnum,
	"AlterObjectSchemaStmt":      (*linter).rename,
	"AlterSeqStmt":               (*linter).alterSequence,
	"AlterTableStmt":             (*linter).alterTable,
	"DropStmt":                   (*linter).drop,
	"GrantRoleStmt":              (*linter).grant,
	"GrantStmt":                  (*linter).grant,
	"RenameStmt":                 (*linter).rename,
	"TruncateStmt":               (*linter).truncate,

	// What reads and writes rows.
	"DeleteStmt": (*linter).changeRows,
	"InsertStmt": (*linter).insertRows,
	"SelectStmt": (*linter).selectRows,
	"UpdateStmt": (*linter).changeRows,

	// What the running version does not notice.
	"CommentStmt":        nil,
	"RefreshMatViewStmt": (*linter).refresh,
	"ReindexStmt":        (*linter).reindex,
	"VacuumStmt":         (*linter).vacuum, // ANALYZE too
	"VariableSetStmt":    (*linter).setVariable,
}

// advice is a better rule than not-listed for some of the kinds that are refused.
var advice = map[string]string{
	"AlterOwnerStmt": "revoke", "AlterRoleStmt": "revoke", "AlterRoleSetStmt": "revoke", "ReassignOwnedStmt": "revoke",
	"CallStmt": "opaque", "DoStmt": "opaque", "ExecuteStmt": "opaque", "ExplainStmt": "opaque", "PrepareStmt": "opaque",
	"ClusterStmt": "table-rewrite", "CopyStmt": "unbounded-write", "MergeStmt": "unbounded-write",
	"DropOwnedStmt": "drop-object", "DropRoleStmt": "drop-object", "DropdbStmt": "drop-object",
	"DropTableSpaceStmt": "drop-object", "DropSubscriptionStmt": "drop-object", "DropUserMappingStmt": "drop-object",
	"LockStmt": "lock-table", "TransactionStmt": "transaction-control",
}

// statement checks the current statement.
func (l *linter) statement() {
	check, listed := kinds[l.current.kind]
	switch {
	case l.current.kind == "TransactionStmt" && !l.migration.annotated && l.transaction():
	case l.keepsBooks():
	case listed && check != nil:
		check(l)
	case listed:
	case advice[l.current.kind] != "":
		l.breaks(advice[l.current.kind], l.current.title())
	default:
		l.breaks("not-listed", l.current.title())
	}
}

// title returns the statement's first words, such as "DROP ROLE reporting".
func (s statement) title() string {
	words := strings.Fields(strings.Map(printable, s.text))
	return cut(strings.Join(words[:min(3, len(words))], " "), 60)
}

// excerpt returns the statement in one short line.
func (s statement) excerpt() string {
	return cut(strings.Join(strings.Fields(strings.Map(printable, s.text)), " "), 100)
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

func cut(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return text
}
