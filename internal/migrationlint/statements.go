package migrationlint

import (
	"encoding/json"
	"strings"
)

// statement applies the rules for the current statement's kind. Kinds that are not named here only add, and are safe.
func (l *linter) statement() {
	switch l.current.kind {
	case "AlterTableStmt":
		l.alterTable(decode[alterTable](l))
	case "CreateStmt":
		l.createTable(decode[createTable](l))
	case "IndexStmt":
		l.createIndex(decode[createIndex](l))
	case "DropStmt":
		l.drop(decode[drop](l))
	case "RenameStmt":
		l.rename(decode[rename](l))
	case "AlterEnumStmt":
		if strings.Contains(string(l.current.tree), `"oldVal"`) {
			l.breaks("rename-type", "a value of an enum")
		}
	case "AlterObjectSchemaStmt":
		if r := decode[changeSchema](l).Relation; !l.created[r.String()] {
			l.breaks("change-schema", orUnnamed(r.String()))
			l.needsTimeout(orUnnamed(r.String()))
		}
	case "UpdateStmt", "DeleteStmt", "InsertStmt":
		l.changedRows(decode[changedRows](l))
	case "VariableSetStmt":
		l.setVariable(decode[setVariable](l))
	case "ReindexStmt":
		if o := decode[options](l); !hasOption(o.Params, "concurrently") {
			l.breaks("reindex", orUnnamed(o.Relation.String()))
		} else {
			l.needsNoTransaction("REINDEX")
		}
	default:
		l.otherStatement()
	}
}

// otherStatement applies the rules that only need the statement's kind, or one word of it.
func (l *linter) otherStatement() {
	word := func(w string) bool { return strings.Contains(string(l.current.tree), w) }
	switch l.current.kind {
	case "CreateTableAsStmt":
		l.created[decode[struct{ Into struct{ Rel relation } }](l).Into.Rel.String()] = true
	case "VacuumStmt":
		if hasOption(decode[options](l).Options, "full") {
			l.breaks("vacuum-full", "VACUUM FULL")
		}
	case "ClusterStmt":
		l.breaks("vacuum-full", "CLUSTER")
	case "TruncateStmt":
		l.truncate()
	case "LockStmt":
		l.breaks("lock-table", "LOCK TABLE")
	case "RefreshMatViewStmt":
		if !word(`"concurrent":true`) {
			l.breaks("refresh-view", decode[options](l).Relation.String())
		}
	case "DoStmt":
		l.breaks("opaque-block", "DO")
	case "TransactionStmt":
		l.breaks("transaction-control", "a statement about transactions")
	case "GrantStmt", "GrantRoleStmt":
		if !word(`"is_grant":true`) {
			l.breaks("revoke", "a privilege")
		}
	case "DropOwnedStmt":
		l.breaks("drop-owned", "DROP OWNED")
	case "CreateTrigStmt":
		if table := decode[options](l).Relation.String(); !l.created[table] {
			l.needsTimeout(table)
		}
	}
}

func (l *linter) truncate() {
	tables := decode[struct {
		Relations []struct {
			RangeVar relation
		} `json:"relations"`
	}](l)
	for _, table := range tables.Relations {
		if name := table.RangeVar.String(); !l.created[name] {
			l.breaks("truncate", name)
			l.needsTimeout(name)
		}
	}
}

// dropRules are the rules that DROP breaks, by the type of the object.
var dropRules = map[string]string{
	"OBJECT_TABLE": "drop-table", "OBJECT_FOREIGN_TABLE": "drop-table",
	"OBJECT_VIEW": "drop-view", "OBJECT_MATVIEW": "drop-view",
	"OBJECT_TYPE": "drop-type", "OBJECT_DOMAIN": "drop-type",
	"OBJECT_FUNCTION": "drop-function", "OBJECT_PROCEDURE": "drop-function",
	"OBJECT_ROUTINE": "drop-function", "OBJECT_AGGREGATE": "drop-function",
	"OBJECT_SCHEMA": "drop-schema", "OBJECT_SEQUENCE": "drop-sequence",
	"OBJECT_EXTENSION": "drop-extension", "OBJECT_INDEX": "drop-index",
}

func (l *linter) drop(d drop) {
	rule, names := dropRules[d.Type], strings.Join(d.names(), ", ")
	switch {
	case d.Type == "OBJECT_INDEX" && d.Concurrent:
		l.needsNoTransaction("DROP INDEX " + names)
		if d.MissingOK {
			l.droppedIndex = names[strings.LastIndex(names, ".")+1:]
		}
	case rule == "drop-table":
		for _, name := range d.names() {
			if !l.created[name] {
				l.breaks(rule, name)
				l.needsTimeout(name)
			}
		}
	case rule != "":
		l.breaks(rule, orUnnamed(names))
		l.needsTimeout(orUnnamed(names))
	}
}

func (l *linter) rename(r rename) {
	if l.created[r.Relation.String()] {
		return
	}
	subject := orUnnamed(r.Relation.String())
	if r.Subname != "" {
		subject += "." + r.Subname
	}
	switch r.Type {
	case "OBJECT_INDEX", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_STATISTIC_EXT":
		l.needsTimeout(subject) // code does not use these names
		return
	case "OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW":
		l.breaks("rename-table", subject)
	case "OBJECT_COLUMN":
		l.breaks("rename-column", subject)
	case "OBJECT_TYPE", "OBJECT_ATTRIBUTE", "OBJECT_DOMAIN":
		l.breaks("rename-type", subject)
	default:
		l.breaks("rename-other", subject)
	}
	l.needsTimeout(subject)
}

func (l *linter) changedRows(c changedRows) {
	name := c.Relation.String()
	if l.created[name] {
		return
	}
	if l.current.kind != "InsertStmt" && c.Where == nil {
		l.breaks("unbounded-write", name)
	}
	if l.current.kind == "InsertStmt" && l.migration.noTx && c.OnConflict == nil {
		l.breaks("not-rerunnable", "INSERT INTO "+name)
	}
}

// setVariable notes whether a lock_timeout is in effect. SET LOCAL has no effect outside a transaction, and 0 means no
// limit.
func (l *linter) setVariable(v setVariable) {
	if v.Name != "lock_timeout" {
		return
	}
	var value struct {
		Const struct {
			Text struct {
				Value string `json:"sval"`
			} `json:"sval"`
			Int struct {
				Value int `json:"ival"`
			} `json:"ival"`
		} `json:"A_Const"`
	}
	if len(v.Args) == 1 {
		if err := json.Unmarshal(v.Args[0], &value); err != nil {
			return
		}
	}
	limited := strings.ContainsAny(value.Const.Text.Value, "123456789") || value.Const.Int.Value > 0
	l.timeoutSet = limited && (!l.migration.noTx || !v.IsLocal)
}

// needsNoTransaction requires a file without a transaction for a statement with CONCURRENTLY.
func (l *linter) needsNoTransaction(subject string) {
	if !l.migration.noTx {
		l.breaks("concurrently-in-tx", subject)
	}
}

func orUnnamed(name string) string {
	if name == "" {
		return "an object"
	}
	return name
}
