package migrationlint

import (
	"encoding/json"
	"slices"
	"strings"
)

func (l *linter) createTable(c createTable) {
	name := c.Relation.String()
	if l.migration.noTx && !c.IfNotExists {
		l.breaks("not-rerunnable", "CREATE TABLE "+name)
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
			// A foreign key locks the table that it references against writes.
			if other := constraint.Referenced.String(); constraint.Kind == "CONSTR_FOREIGN" && !l.created[other] {
				l.needsTimeout(other)
			}
		}
	}
}

func (l *linter) createIndex(i createIndex) {
	if l.created[i.Relation.String()] && !i.Concurrent {
		return
	}
	if !i.Concurrent {
		l.breaks("create-index", i.Name+" on "+i.Relation.String())
		l.needsTimeout(i.Relation.String())
		return
	}
	l.needsNoTransaction("CREATE INDEX " + i.Name)
	if i.IfNotExists || i.Name == "" || l.droppedIndex != i.Name {
		l.breaks("index-no-rerun", i.Name+" on "+i.Relation.String())
	}
}

func (l *linter) alterTable(a alterTable) {
	table := a.Relation.String()
	if l.created[table] {
		return
	}
	var replaced []string // constraints that the same statement drops if they exist
	for _, c := range a.Cmds {
		if c.Cmd.Subtype == "AT_DropConstraint" && c.Cmd.MissingOK {
			replaced = append(replaced, c.Cmd.Name)
		}
		if c.Cmd.Subtype == "AT_DetachPartition" && c.Cmd.Def.Partition.Concurrent {
			l.needsNoTransaction("DETACH PARTITION")
			return
		}
		l.alter(table, c.Cmd, replaced)
	}
	l.needsTimeout(table)
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
			l.breaks("not-rerunnable", "ADD CONSTRAINT "+c.Def.Constraint.Name)
		}
	case "AT_ValidateConstraint":
		l.validate(table, c.Name)
	case "AT_DropColumn":
		l.breaks("drop-column", field)
	case "AT_AlterColumnType":
		l.breaks("change-column-type", field)
	case "AT_SetNotNull":
		if !l.validated[field] {
			l.breaks("set-not-null", field)
		}
	case "AT_ColumnDefault":
		if c.Def == nil { // SET DEFAULT has an expression there
			l.breaks("drop-default", field)
		}
	case "AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetAccessMethod", "AT_AddIdentity", "AT_SetExpression":
		l.breaks("table-rewrite", table)
	case "AT_EnableRowSecurity", "AT_ForceRowSecurity":
		l.breaks("row-security", table)
	case "AT_DetachPartition":
		l.breaks("detach-partition", table)
	}
}

func (l *linter) addColumn(table string, c alterTableCmd) {
	column := *c.Def.Column
	field := table + "." + column.Name
	if l.migration.noTx && !c.MissingOK {
		l.breaks("not-rerunnable", "ADD COLUMN "+field)
	}
	if strings.HasSuffix(column.typeName(), "serial") {
		l.breaks("table-rewrite", field)
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
				l.breaks("volatile-default", field)
			}
		case "CONSTR_GENERATED", "CONSTR_IDENTITY":
			filled = true
			l.breaks("table-rewrite", field)
		default:
			l.addConstraint(table, constraint)
		}
	}
	if notNull && !filled {
		l.breaks("not-null-no-default", field)
	}
}

// addConstraint allows the forms that do not scan the table: NOT VALID, and USING INDEX.
func (l *linter) addConstraint(table string, c constraint) {
	subject := strings.TrimSuffix(table+"."+c.Name, ".")
	switch c.Kind {
	case "CONSTR_CHECK":
		if !c.SkipValidation {
			l.breaks("add-check", subject)
		}
		if column := notNullColumn(c.Expression); column != "" {
			l.checked[table+"."+c.Name] = table + "." + column
		}
	case "CONSTR_FOREIGN":
		if !c.SkipValidation {
			l.breaks("add-foreign-key", subject)
		}
	case "CONSTR_UNIQUE", "CONSTR_PRIMARY":
		if c.Index == "" {
			l.breaks("add-unique", subject)
		}
	case "CONSTR_EXCLUSION":
		l.breaks("add-exclusion", subject)
	}
	l.added[table+"."+c.Name] = true
}

func (l *linter) validate(table, name string) {
	constraint := table + "." + name
	if l.added[constraint] && !l.migration.noTx {
		l.breaks("validate-at-once", constraint)
	}
	if column := l.checked[constraint]; column != "" {
		l.validated[column] = true
	}
}

// notNullColumn returns the column c of an expression c IS NOT NULL, and "" for any other expression.
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
	err := json.Unmarshal(expression, &test)
	fields := test.NullTest.Arg.ColumnRef.Fields
	if err != nil || test.NullTest.Type != "IS_NOT_NULL" || len(fields) != 1 {
		return ""
	}
	return fields[0].String.Value
}

// constantOverRows reports whether PostgreSQL computes a default once and does not rewrite the rows. An unknown
// function counts as different for each row.
func constantOverRows(expression json.RawMessage) bool {
	computedOnce := []string{
		"now", "transaction_timestamp", "statement_timestamp", "current_setting", "lower", "upper", "concat", "md5",
		"jsonb_build_object", "jsonb_build_array", "json_build_object", "json_build_array", "to_jsonb",
		"make_interval", "make_date",
	}
	for _, name := range functionsIn(expression) {
		if !slices.Contains(computedOnce, name) {
			return false
		}
	}
	return true
}
