package migrationlint

import (
	"slices"
	"strings"
)

func (l *linter) addColumn(table relation, c clause) {
	column := c.Def.Column
	field := table.String() + "." + column.Name
	if l.migration.noTx && !c.MissingOK {
		l.breaks("not-rerunnable", "ADD COLUMN "+field)
	}
	switch name := column.Type.String(); {
	case strings.HasSuffix(name, "serial"):
		l.breaks("table-rewrite", field)
		return
	case name == "json":
		l.breaks("json-column", field)
	case l.known.domains[name]:
		l.breaks("domain-column", field)
	}
	value := column.defaultValue()
	filled := value != nil && !isNull(value)
	l.added[field] = filled
	if filled && !l.computedOnce(value) {
		l.breaks("volatile-default", field)
	}
	for _, constraint := range column.Constraints {
		switch constraint.Kind {
		case "CONSTR_NOTNULL":
			if !filled && !column.generated() {
				l.breaks("not-null-no-default", field)
			}
		case "CONSTR_GENERATED", "CONSTR_IDENTITY":
			l.breaks("table-rewrite", field)
		case "CONSTR_FOREIGN": // PostgreSQL checks no row if the column has no value
			if filled {
				l.breaks("add-foreign-key", field)
			}
			l.locks(constraint.Referenced)
		case "CONSTR_CHECK":
			l.breaks("add-check", field)
		case "CONSTR_UNIQUE", "CONSTR_PRIMARY":
			l.breaks("add-unique", field)
		}
	}
}

// alterDefault refuses to take a default away, also as SET DEFAULT NULL.
func (l *linter) alterDefault(table relation, c clause) {
	if c.Def.empty() || isNull(c.Def.raw) {
		l.breaks("drop-default", table.String()+"."+c.Name)
	}
}

// setNotNull allows a column that a validated constraint keeps from being NULL: PostgreSQL does not scan the table then.
func (l *linter) setNotNull(table relation, c clause) {
	if field := table.String() + "." + c.Name; !l.known.notNull(table, c.Name) {
		l.breaks("set-not-null", field)
	}
}

// alterType allows the changes that only loosen a limit: PostgreSQL rewrites and checks nothing. It needs the old type,
// which an earlier migration has declared.
func (l *linter) alterType(table relation, c clause) {
	old, known := l.known.column(table, c.Name)
	column := c.Def.Column
	if !known || column.Default != nil || column.Collation != nil || !loosened(old.Type, column.Type) ||
		l.known.computesWith(table, c.Name) {
		l.breaks("change-column-type", table.String()+"."+c.Name)
	}
}

// loosened reports whether every value of one type is one of the other, byte by byte. Source: the notes of ALTER TABLE
// in PostgreSQL's manual, and what TestPostgreSQLAgreesWithTheCorpus has seen.
func loosened(from, to typeName) bool {
	a, b := from.String(), to.String()
	if len(from.ArrayBounds)+len(to.ArrayBounds) > 0 {
		return false
	}
	old, oldOK := from.limits()
	limits, ok := to.limits()
	if !oldOK || !ok {
		return false
	}
	switch {
	case a == "varchar" && b == "text", a == "text" && b == "varchar", a == "cidr" && b == "inet":
		return b != "varchar" || len(limits) == 0
	case a != b:
		return false
	case len(limits) == 0 || slices.Equal(old, limits):
		return true
	case len(old) == 0 || len(old) != len(limits):
		return false
	}
	switch a {
	case "varchar", "varbit", "timestamp", "timestamptz", "time", "timetz":
		return limits[0] >= old[0]
	case "numeric":
		return len(limits) == 2 && limits[0] >= old[0] && limits[1] == old[1]
	}
	return false
}
