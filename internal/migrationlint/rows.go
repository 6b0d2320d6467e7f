package migrationlint

import "slices"

// batch is the greatest number of rows that one statement may change. Source: what strong_migrations recommends for a
// backfill, 10,000 at a time.
const batch = 10_000

func (l *linter) insertRows() {
	i := decode[insertRows](l)
	if fromTable := l.reads(); fromTable && i.OnConflict.updates() && !l.isFresh(i.Relation) {
		l.breaks("unbounded-write", i.Relation.String())
	}
	if l.migration.noTx && i.OnConflict == nil && !l.isFresh(i.Relation) {
		l.breaks("not-rerunnable", "INSERT INTO "+i.Relation.String())
	}
}

func (l *linter) changeRows() {
	c := decode[changeRows](l)
	if own := l.isFresh(c.Relation) || l.isTemporary(c.Relation); !own && !l.bounded(c) {
		l.breaks("unbounded-write", c.Relation.String())
	}
	l.executes()
}

func (l *linter) selectRows() {
	s := decode[selectRows](l)
	l.reads()
	if s.Into != nil {
		l.made(s.Into.Rel, false)
	}
}

// reads checks a statement that reads rows, and reports whether it reads those of a table that is not of this file: then
// it may be long, and a lock that the transaction holds is held as long.
func (l *linter) reads() (fromTable bool) {
	var names []relation
	inside := map[string]bool{} // the names of WITH
	walk(l.current.tree, func(kind string, node map[string]any) {
		switch kind {
		case "RangeVar":
			schema, _ := node["schemaname"].(string)
			name, _ := node["relname"].(string)
			names = append(names, relation{Schema: schema, Name: name})
		case "CommonTableExpr":
			name, _ := node["ctename"].(string)
			inside[name] = true
		case "LockingClause":
			l.breaks("lock-table", "SELECT ... FOR UPDATE")
		}
	})
	for _, name := range names {
		own := l.isFresh(name) || l.isTemporary(name) || name.Schema == "" && inside[name.Name]
		fromTable = fromTable || !own
	}
	if fromTable {
		l.scans()
	}
	l.executes()
	return fromTable
}

// executes checks that the statement only does what is written in it: another statement inside, or a function that may
// do anything, is not seen otherwise.
func (l *linter) executes() {
	walk(l.current.tree, func(kind string, node map[string]any) {
		switch kind {
		case "DeleteStmt", "UpdateStmt", "InsertStmt", "MergeStmt":
			l.breaks("nested-write", l.current.title())
		case "ExecuteStmt":
			l.breaks("opaque", "EXECUTE")
		case "FuncCall":
			if name := lastName(node["funcname"]); !l.harmless(name) {
				l.breaks("opaque", name+"()")
			}
		}
	})
}

// bounded reports whether a condition names at most a batch of rows: by a key, or by a limit.
func (l *linter) bounded(change changeRows) bool {
	table := change.Relation
	var equal []string
	for _, c := range conjuncts(change.Where) {
		column := change.column(c.Left.Column)
		from, to := c.Right.bounds()
		switch {
		case c.Kind == "AEXPR_BETWEEN" && to-from <= batch && from <= to && l.isKey(table, []string{column}):
			return true
		case c.limited() && (column == "ctid" || l.isKey(table, []string{column})):
			return true
		case column != "" && c.constant() && lastOf(c.Operator) == "=" && (c.Kind == "AEXPR_OP" || c.Kind == "AEXPR_IN"):
			equal = append(equal, column)
		}
	}
	return l.isKey(table, equal)
}

// isKey reports whether the columns name one row: a primary key or unique constraint of a known table, or "id".
func (l *linter) isKey(table relation, columns []string) bool {
	known := l.known.table(table)
	if known == nil || !known.whole {
		return slices.Contains(columns, "id")
	}
	return slices.ContainsFunc(known.keys, func(key []string) bool {
		return len(key) > 0 && !slices.ContainsFunc(key, func(column string) bool { return !slices.Contains(columns, column) })
	})
}
