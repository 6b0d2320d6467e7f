package migrationlint

import "strings"

func (l *linter) createIndex() {
	i := decode[createIndex](l)
	subject := i.Name + " on " + i.Relation.String()
	if !i.Concurrent {
		parent := l.known.table(i.Relation)
		switch {
		case l.isFresh(i.Relation) || l.isTemporary(i.Relation):
			l.again("CREATE INDEX " + i.Name)
			return
		case i.Relation.Inherit || parent == nil || !parent.partitioned: // ON ONLY builds nothing on the parent of partitions
			l.breaks("create-index", subject)
		}
		l.locks(i.Relation)
		return
	}
	l.needsNoTransaction("CREATE INDEX " + i.Name)
	if i.IfNotExists || i.Name == "" || l.droppedIndex != i.Name {
		l.breaks("index-no-rerun", subject)
	}
	if i.Unique && l.sameForAll(i) {
		l.breaks("unique-new-column", subject)
	}
}

// sameForAll reports whether rows that leave the columns of a unique index out have all the same value in them.
func (l *linter) sameForAll(i createIndex) bool {
	for _, param := range i.Params {
		filled, added := l.added[i.Relation.String()+"."+param.Elem.Name]
		old, known := l.known.column(i.Relation, param.Elem.Name)
		value := old.defaultValue()
		constant := known && value != nil && !isNull(value) && l.computedOnce(value)
		if !constant && (!added || !filled && !i.NullsNotDistinct) {
			return false
		}
	}
	return true
}

// dropIndex allows an index of which an earlier migration says that it is not unique: ON CONFLICT of the running version
// needs the unique ones. If the next statement builds it again, it is the remainder of an interrupted run.
func (l *linter) dropIndex(d drop) {
	for _, name := range d.names() {
		old, known := l.known.indexes[name]
		rebuilt := l.next != nil && l.next.kind == "IndexStmt" &&
			decodeOf[createIndex](*l.next).Name == name[strings.LastIndex(name, ".")+1:]
		switch {
		case known && l.fresh["table "+old.table]:
			continue
		case known && old.unique || !known && !rebuilt:
			l.breaks("drop-unique-index", name)
		case !d.Concurrent:
			l.breaks("drop-index", name)
		}
		if d.Concurrent && d.MissingOK {
			l.droppedIndex = name[strings.LastIndex(name, ".")+1:]
		}
	}
	if d.Concurrent {
		l.needsNoTransaction("DROP INDEX")
	}
	l.again("DROP INDEX")
}

func (l *linter) alterIndex(a alterTable) {
	for _, c := range a.Clauses {
		switch c.Subtype {
		case "AT_SetRelOptions", "AT_ResetRelOptions", "AT_AttachPartition", "AT_SetStatistics":
		default:
			l.breaks("not-listed", a.Relation.String())
		}
	}
}

func (l *linter) reindex() {
	o := decode[options](l)
	switch {
	case hasOption(o.Params, "concurrently"):
		l.needsNoTransaction("REINDEX")
	case !l.isFresh(o.Relation):
		l.breaks("reindex", o.Relation.String())
		l.locks(o.Relation)
	}
}

func (l *linter) refresh() {
	r := decode[refresh](l)
	if l.isFresh(r.Relation) {
		return
	}
	if !r.Concurrent {
		l.breaks("refresh-view", r.Relation.String())
		return
	}
	l.scans()
}

func (l *linter) vacuum() {
	v := decode[options](l)
	if hasOption(v.Options, "full") {
		l.breaks("table-rewrite", "VACUUM FULL")
	}
	if v.IsVacuum && !l.migration.noTx {
		l.breaks("concurrently-in-tx", "VACUUM")
	}
}

// needsNoTransaction requires a file without a transaction for a statement with CONCURRENTLY.
func (l *linter) needsNoTransaction(subject string) {
	if !l.migration.noTx {
		l.breaks("concurrently-in-tx", subject)
	}
}
