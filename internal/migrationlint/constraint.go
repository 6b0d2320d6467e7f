package migrationlint

import (
	"encoding/json"
	"slices"
)

// addConstraint allows the forms that do not scan the table: NOT VALID, and USING INDEX.
func (l *linter) addConstraint(table relation, c clause) {
	constraint := c.Def.Constraint
	name := table.String() + "." + constraint.Name
	if l.migration.noTx && !slices.Contains(l.replaced(), constraint.Name) {
		l.breaks("not-rerunnable", "ADD CONSTRAINT "+name)
	}
	switch constraint.Kind {
	case "CONSTR_CHECK":
		if !constraint.SkipValidation {
			l.breaks("add-check", name)
		} else if l.refusesOldRows(table, constraint.Expression) {
			l.breaks("check-new-column", name)
		}
	case "CONSTR_FOREIGN":
		if !constraint.SkipValidation {
			l.breaks("add-foreign-key", name)
		}
		l.locks(constraint.Referenced)
	case "CONSTR_UNIQUE", "CONSTR_PRIMARY":
		if constraint.Index == "" {
			l.breaks("add-unique", name)
		} else if constraint.Deferrable { // ON CONFLICT of the running version cannot use it any more
			l.breaks("not-listed", name)
		} else if constraint.Kind == "CONSTR_PRIMARY" && l.known.mayBeNull(table, constraint.Index) {
			l.breaks("set-not-null", name)
		}
	case "CONSTR_EXCLUSION":
		l.breaks("add-exclusion", name)
	default:
		l.breaks("not-listed", name)
	}
}

// replaced returns the constraints that the current statement drops if they exist.
func (l *linter) replaced() (names []string) {
	for _, c := range decode[alterTable](l).Clauses {
		if c.Subtype == "AT_DropConstraint" && c.MissingOK {
			names = append(names, c.Name)
		}
	}
	return names
}

// refusesOldRows reports whether a check may refuse the rows that the running version inserts: they have NULL in the
// columns of this file that have no default. Operators and IN give NULL for them, which passes a check.
func (l *linter) refusesOldRows(table relation, check json.RawMessage) bool {
	onNew, decides := false, false
	walk(check, func(kind string, node map[string]any) {
		switch kind {
		case "ColumnRef":
			filled, added := l.added[table.String()+"."+lastName(node["fields"])]
			onNew = onNew || added && !filled
		case "NullTest", "BooleanTest", "CoalesceExpr", "CaseExpr", "FuncCall", "RowExpr":
			decides = decides || !l.strict(kind, node)
		case "A_Expr":
			decides = decides || node["kind"] == "AEXPR_DISTINCT" || node["kind"] == "AEXPR_NOT_DISTINCT"
		}
	})
	return onNew && decides
}

// strict reports whether a node gives NULL for NULL, or is true for it.
func (l *linter) strict(kind string, node map[string]any) bool {
	if kind == "NullTest" {
		return node["nulltesttype"] == "IS_NULL"
	}
	nullable := []string{
		"num_nonnulls", "num_nulls", "concat", "concat_ws", "format", "json_build_object", "jsonb_build_object",
		"json_build_array", "jsonb_build_array", "quote_nullable", "array_to_string", "array_remove", "array_replace",
	}
	name := lastName(node["funcname"])
	return kind == "FuncCall" && slices.Contains(functions, name) && !slices.Contains(nullable, name)
}

// dropConstraint allows a check, and a foreign key that does nothing when its row goes: without them the running
// version finds what it expects. It needs ON CONFLICT's unique constraints and ON DELETE CASCADE.
func (l *linter) dropConstraint(table relation, c clause) {
	old, known := l.known.constraints[table.String()+"."+c.Name]
	unique := known && old.Kind != "CONSTR_CHECK" && old.Kind != "CONSTR_FOREIGN"
	for _, other := range decode[alterTable](l).Clauses {
		added := other.Def.Constraint
		if added != nil && added.Name == c.Name && (added.Kind == "CONSTR_CHECK" || added.Kind == "CONSTR_FOREIGN") && !unique {
			return // it is replaced
		}
	}
	if !known || unique || old.Kind == "CONSTR_FOREIGN" && old.acts() {
		l.breaks("drop-constraint", table.String()+"."+c.Name)
	}
}

// validate scans the table without keeping anybody from it, unless the transaction already does that.
func (l *linter) validate(relation, clause) { l.scans() }

// notNullColumn returns the column c of an expression c IS NOT NULL, and "" for any other expression.
func notNullColumn(expression json.RawMessage) string {
	var test struct {
		NullTest struct {
			Arg struct {
				ColumnRef columnRef
			} `json:"arg"`
			Type string `json:"nulltesttype"`
		}
	}
	if json.Unmarshal(expression, &test) != nil || test.NullTest.Type != "IS_NOT_NULL" {
		return ""
	}
	return lastOf(test.NullTest.Arg.ColumnRef.Fields)
}
