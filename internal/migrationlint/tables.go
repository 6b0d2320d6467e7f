package migrationlint

import (
	"encoding/json"
	"slices"
	"strings"
)

func (l *linter) createTable(c createTable) {
	name := c.Relation.String()
	if l.migration.noTx && !c.IfNotExists {
		l.report("not-rerunnable", "CREATE TABLE "+name)
	}
	l.created[name] = true
	for _, element := range c.Elements {
		var constraints []constraint
		if element.Constraint != nil {
			constraints = append(constraints, *element.Constraint)
		}
		if element.Column != nil {
			for _, inline := range element.Column.Constraints {
				constraints = append(constraints, inline.Constraint)
			}
		}
		for _, constraint := range constraints {
			// A foreign key locks the table that it points to against writes.
			if other := constraint.Referenced.String(); constraint.Kind == "CONSTR_FOREIGN" && !l.created[other] {
				l.locks(other)
			}
		}
	}
}

func (l *linter) createIndex(i createIndex) {
	if l.created[i.Relation.String()] && !i.Concurrent {
		return
	}
	if !i.Concurrent {
		l.report("create-index", i.Name+" on "+i.Relation.String())
		l.locks(i.Relation.String())
		return
	}
	l.concurrently("CREATE INDEX " + i.Name)
	if i.IfNotExists || i.Name == "" || l.dropped != i.Name {
		l.report("index-no-rerun", i.Name+" on "+i.Relation.String())
	}
}

func (l *linter) alterTable(a alterTable) {
	table := a.Relation.String()
	if l.created[table] {
		return
	}
	var replaced []string // constraints that the same statement has dropped if they were there
	for _, c := range a.Cmds {
		if c.Cmd.Subtype == "AT_DropConstraint" && c.Cmd.MissingOK {
			replaced = append(replaced, c.Cmd.Name)
		}
		if c.Cmd.Subtype == "AT_DetachPartition" && c.Cmd.Def.Partition.Concurrent {
			l.concurrently("DETACH PARTITION")
			return
		}
		l.alter(table, c.Cmd, replaced)
	}
	l.locks(table)
}

// alter applies the rules for one clause of ALTER TABLE.
func (l *linter) alter(table string, c alterTableCmd, replaced []string) {
	field := table + "." + c.Name
	switch c.Subtype {
	case "AT_AddColumn":
		l.addColumn(table, c)
	case "AT_AddConstraint":
		l.addConstraint(table, *c.Def.Constraint)
		if l.migration.noTx && !slices.Contains(replaced, c.Def.Constraint.Name) {
			l.report("not-rerunnable", "ADD CONSTRAINT "+c.Def.Constraint.Name)
		}
	case "AT_ValidateConstraint":
		l.validate(table, c.Name)
	case "AT_DropColumn":
		l.report("drop-column", field)
	case "AT_AlterColumnType":
		l.report("change-column-type", field)
	case "AT_SetNotNull":
		if !l.validated[field] {
			l.report("set-not-null", field)
		}
	case "AT_ColumnDefault":
		if c.Def == nil { // SET DEFAULT has an expression there
			l.report("drop-default", field)
		}
	case "AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetAccessMethod", "AT_AddIdentity", "AT_SetExpression":
		l.report("table-rewrite", table)
	case "AT_EnableRowSecurity", "AT_ForceRowSecurity":
		l.report("row-security", table)
	case "AT_DetachPartition":
		l.report("detach-partition", table)
	}
}

func (l *linter) addColumn(table string, c alterTableCmd) {
	column := *c.Def.Column
	field := table + "." + column.Name
	if l.migration.noTx && !c.MissingOK {
		l.report("not-rerunnable", "ADD COLUMN "+field)
	}
	if strings.HasSuffix(column.typeName(), "serial") {
		l.report("table-rewrite", field)
		return
	}
	notNull, filled := false, false
	for _, inline := range column.Constraints {
		switch constraint := inline.Constraint; constraint.Kind {
		case "CONSTR_NOTNULL":
			notNull = true
		case "CONSTR_DEFAULT":
			filled = !strings.Contains(string(constraint.Expression), `"isnull":true`)
			if !constantOverRows(constraint.Expression) {
				l.report("volatile-default", field)
			}
		case "CONSTR_GENERATED", "CONSTR_IDENTITY":
			filled = true
			l.report("table-rewrite", field)
		default:
			l.addConstraint(table, constraint)
		}
	}
	if notNull && !filled {
		l.report("not-null-no-default", field)
	}
}

// addConstraint knows the forms that only note the constraint and leave the looking at rows to VALIDATE.
func (l *linter) addConstraint(table string, c constraint) {
	subject := strings.TrimSuffix(table+"."+c.Name, ".")
	switch c.Kind {
	case "CONSTR_CHECK":
		if !c.SkipValidation {
			l.report("add-check", subject)
		}
		if column := notNullColumn(c.Expression); column != "" {
			l.checked[table+"."+c.Name] = table + "." + column
		}
	case "CONSTR_FOREIGN":
		if !c.SkipValidation {
			l.report("add-foreign-key", subject)
		}
	case "CONSTR_UNIQUE", "CONSTR_PRIMARY":
		if c.Index == "" {
			l.report("add-unique", subject)
		}
	case "CONSTR_EXCLUSION":
		l.report("add-exclusion", subject)
	}
	l.added[table+"."+c.Name] = true
}

func (l *linter) validate(table, name string) {
	constraint := table + "." + name
	if l.added[constraint] && !l.migration.noTx {
		l.report("validate-at-once", constraint)
	}
	if column := l.checked[constraint]; column != "" {
		l.validated[column] = true
	}
}

// notNullColumn is the column c of the expression c IS NOT NULL, empty for any other.
func notNullColumn(expression json.RawMessage) string {
	var test struct {
		NullTest struct {
			Arg struct {
				ColumnRef struct {
					Fields []nameNode `json:"fields"`
				}
			} `json:"arg"`
			Type string `json:"nulltesttype"`
		}
	}
	if err := json.Unmarshal(expression, &test); err != nil || test.NullTest.Type != "IS_NOT_NULL" || len(test.NullTest.Arg.ColumnRef.Fields) != 1 {
		return ""
	}
	return test.NullTest.Arg.ColumnRef.Fields[0].String.Value
}

// constantOverRows says that PostgreSQL computes a default once and does not touch the rows. Functions that are not
// known for it are taken to differ by row.
func constantOverRows(expression json.RawMessage) bool {
	once := []string{"now", "transaction_timestamp", "statement_timestamp", "current_setting", "lower", "upper", "concat", "md5",
		"jsonb_build_object", "jsonb_build_array", "json_build_object", "json_build_array", "to_jsonb", "make_interval", "make_date"}
	return !slices.ContainsFunc(functionsIn(expression), func(name string) bool { return !slices.Contains(once, name) })
}
