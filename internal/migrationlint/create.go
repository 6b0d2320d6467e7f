package migrationlint

import "slices"

// create is for what can be made without a condition. Without a transaction it must not fail if it exists.
func (l *linter) create() { l.again(l.current.title()) }

func (l *linter) createType() {
	l.again(l.current.title())
	t := decode[createType](l)
	l.fresh["type "+joined(t.Name)+t.Composite.String()] = true
}

func (l *linter) createDomain() {
	l.again(l.current.title())
	l.fresh["type "+joined(decode[createDomain](l).Name)] = true
}

// createFunction does not read the body: nothing runs it yet.
func (l *linter) createFunction() {
	f := decode[createFunction](l)
	l.again("CREATE FUNCTION " + joined(f.Name))
	l.fresh["function "+f.signature()] = !f.Replace
}

func (l *linter) createSchema() {
	s := decode[createSchema](l)
	l.again("CREATE SCHEMA " + s.Name)
	if len(s.Elements) > 0 {
		l.breaks("not-listed", "statements inside CREATE SCHEMA")
	}
	l.fresh["schema "+s.Name] = !s.IfNotExists
}

func (l *linter) createSequence() {
	s := decode[createSequence](l)
	l.again("CREATE SEQUENCE " + s.Sequence.String())
	l.fresh["table "+s.Sequence.String()] = !s.IfNotExists
}

// define is for what has a DEFINITION. A new operator or cast may change the meaning of the running version's SQL.
func (l *linter) define() {
	d := decode[define](l)
	l.again(l.current.title())
	safe := []string{"OBJECT_AGGREGATE", "OBJECT_COLLATION", "OBJECT_TSCONFIGURATION", "OBJECT_TSDICTIONARY"}
	if !slices.Contains(safe, d.Kind) {
		l.breaks("not-listed", l.current.title())
	}
}

func (l *linter) createTable() {
	c := decode[createTable](l)
	name := c.Relation.String()
	l.again("CREATE TABLE " + name)
	for _, parent := range c.Parents {
		if !l.isFresh(parent.Table) {
			l.breaks("partition", parent.Table.String())
		}
	}
	for _, constraint := range c.constraints() {
		if constraint.Kind == "CONSTR_FOREIGN" {
			l.locks(constraint.Referenced)
		}
	}
	l.made(c.Relation, c.IfNotExists)
}

// made notes a table of this file: it is not in use yet, so everything is allowed on it. IF NOT EXISTS may find an
// older table. A temporary table stands for another of the same name as long as the search path says so.
func (l *linter) made(r relation, ifNotExists bool) {
	switch {
	case r.Persistence == "t":
		l.fresh["table pg_temp."+r.Name] = true
		l.temporary[r.Name] = !l.migration.noTx
	case !ifNotExists:
		l.fresh["table "+r.String()] = true
	}
}

func (l *linter) createTableAs() {
	c := decode[createTableAs](l)
	l.again("CREATE TABLE " + c.Into.Rel.String())
	l.reads()
	l.made(c.Into.Rel, c.IfNotExists)
}

// createView does not note the view as a table: its rows are those of old tables.
func (l *linter) createView() {
	v := decode[createView](l)
	l.again("CREATE VIEW " + v.View.String())
	if v.Replace {
		l.locks(v.View)
	}
	if name := v.View.String(); v.View.Persistence != "t" {
		l.fresh["view "+name] = !v.Replace
	} else {
		l.fresh["view pg_temp."+v.View.Name] = true
	}
}

func (l *linter) createTrigger() {
	t := decode[createTrigger](l)
	if l.isFresh(t.Relation) {
		return
	}
	l.again("CREATE TRIGGER " + t.Name)
	if t.IsConstraint {
		l.breaks("not-listed", "CREATE CONSTRAINT TRIGGER "+t.Name)
	}
	l.locks(t.Relation)
}

func (l *linter) createPolicy() {
	p := decode[createPolicy](l)
	if l.isFresh(p.Table) {
		return
	}
	l.again("CREATE POLICY " + p.Name)
	if !p.Permissive {
		l.breaks("row-security", p.Table.String())
	}
	l.locks(p.Table)
}

// again requires a form that a second run survives, if the file has no transaction.
func (l *linter) again(subject string) {
	c := decode[repeatable](l)
	if l.migration.noTx && !c.IfNotExists && !c.Replace && !c.MissingOK && !c.SkipIfExists {
		l.breaks("not-rerunnable", subject)
	}
}
