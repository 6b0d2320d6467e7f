package migrationlint

import (
	"encoding/json"
	"strings"
)

// statement applies the rules for a statement's kind. What is not named here adds, and is safe.
func (l *linter) statement() {
	switch l.at.kind {
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
		if strings.Contains(string(l.at.tree), `"oldVal"`) {
			l.report("rename-type", "a value of an enum")
		}
	case "AlterObjectSchemaStmt":
		if r := decode[changeSchema](l).Relation; !l.created[r.String()] {
			l.report("change-schema", orSomething(r.String()))
			l.locks(orSomething(r.String()))
		}
	case "UpdateStmt", "DeleteStmt", "InsertStmt":
		l.changedRows(decode[changedRows](l))
	case "VariableSetStmt":
		l.setVariable(decode[setVariable](l))
	case "ReindexStmt":
		if o := decode[options](l); !has(o.Params, "concurrently") {
			l.report("reindex", orSomething(o.Relation.String()))
		} else {
			l.concurrently("REINDEX")
		}
	default:
		l.plain()
	}
}

// plain are the kinds for which a look at the kind, or at one word, is enough.
func (l *linter) plain() {
	word := func(w string) bool { return strings.Contains(string(l.at.tree), w) }
	switch l.at.kind {
	case "CreateTableAsStmt":
		l.created[decode[struct{ Into struct{ Rel relation } }](l).Into.Rel.String()] = true
	case "VacuumStmt":
		if has(decode[options](l).Options, "full") {
			l.report("vacuum-full", "VACUUM FULL")
		}
	case "ClusterStmt":
		l.report("vacuum-full", "CLUSTER")
	case "TruncateStmt":
		l.truncate()
	case "LockStmt":
		l.report("lock-table", "LOCK TABLE")
	case "RefreshMatViewStmt":
		if !word(`"concurrent":true`) {
			l.report("refresh-view", decode[options](l).Relation.String())
		}
	case "DoStmt":
		l.report("opaque-block", "DO")
	case "TransactionStmt":
		l.report("transaction-control", "a statement about transactions")
	case "GrantStmt", "GrantRoleStmt":
		if !word(`"is_grant":true`) {
			l.report("revoke", "a privilege")
		}
	case "DropOwnedStmt":
		l.report("drop-owned", "DROP OWNED")
	case "CreateTrigStmt":
		if table := decode[options](l).Relation.String(); !l.created[table] {
			l.locks(table)
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
			l.report("truncate", name)
			l.locks(name)
		}
	}
}

func (l *linter) drop(d drop) {
	rule := map[string]string{
		"OBJECT_TABLE": "drop-table", "OBJECT_FOREIGN_TABLE": "drop-table", "OBJECT_VIEW": "drop-view", "OBJECT_MATVIEW": "drop-view",
		"OBJECT_TYPE": "drop-type", "OBJECT_DOMAIN": "drop-type", "OBJECT_SCHEMA": "drop-schema", "OBJECT_SEQUENCE": "drop-sequence",
		"OBJECT_FUNCTION": "drop-function", "OBJECT_PROCEDURE": "drop-function", "OBJECT_ROUTINE": "drop-function", "OBJECT_AGGREGATE": "drop-function",
		"OBJECT_EXTENSION": "drop-extension", "OBJECT_INDEX": "drop-index",
	}[d.Type]
	names := strings.Join(d.names(), ", ")
	switch {
	case d.Type == "OBJECT_INDEX" && d.Concurrent:
		l.concurrently("DROP INDEX " + names)
		if d.MissingOK {
			l.dropped = names[strings.LastIndex(names, ".")+1:]
		}
	case rule == "drop-table":
		for _, name := range d.names() {
			if !l.created[name] {
				l.report(rule, name)
				l.locks(name)
			}
		}
	case rule != "":
		l.report(rule, orSomething(names))
		l.locks(orSomething(names))
	}
}

func (l *linter) rename(r rename) {
	if l.created[r.Relation.String()] {
		return
	}
	subject := orSomething(r.Relation.String())
	if r.Subname != "" {
		subject += "." + r.Subname
	}
	switch r.Type {
	case "OBJECT_INDEX", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_STATISTIC_EXT":
		l.locks(subject) // no code knows these names
		return
	case "OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW":
		l.report("rename-table", subject)
	case "OBJECT_COLUMN":
		l.report("rename-column", subject)
	case "OBJECT_TYPE", "OBJECT_ATTRIBUTE", "OBJECT_DOMAIN":
		l.report("rename-type", subject)
	default:
		l.report("rename-other", subject)
	}
	l.locks(subject)
}

func (l *linter) changedRows(c changedRows) {
	name := c.Relation.String()
	if l.created[name] {
		return
	}
	if l.at.kind != "InsertStmt" && c.Where == nil {
		l.report("unbounded-write", name)
	}
	if l.at.kind == "InsertStmt" && l.migration.noTx && c.OnConflict == nil {
		l.report("not-rerunnable", "INSERT INTO "+name)
	}
}

// setVariable notes a lock_timeout that is in effect. Outside a transaction SET LOCAL has none, and 0 means no limit.
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
	l.timeout = limited && (!l.migration.noTx || !v.IsLocal)
}

func (l *linter) concurrently(subject string) {
	if !l.migration.noTx {
		l.report("concurrently-in-tx", subject)
	}
}

func orSomething(name string) string {
	if name == "" {
		return "an object"
	}
	return name
}
