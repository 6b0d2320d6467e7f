package migrationlint

import "slices"

// clauses are the clauses of ALTER TABLE that are known to be safe on a table in use, with the function that checks
// their conditions.
var clauses = map[string]func(*linter, relation, clause){
	"AT_AddColumn":          (*linter).addColumn,
	"AT_AddConstraint":      (*linter).addConstraint,
	"AT_AlterColumnType":    (*linter).alterType,
	"AT_AttachPartition":    (*linter).attachPartition,
	"AT_ClusterOn":          nil,
	"AT_ColumnDefault":      (*linter).alterDefault,
	"AT_DropCluster":        nil,
	"AT_DropConstraint":     (*linter).dropConstraint,
	"AT_DropNotNull":        nil,
	"AT_ReplicaIdentity":    (*linter).replicaIdentity,
	"AT_ResetOptions":       nil, // n_distinct
	"AT_ResetRelOptions":    nil,
	"AT_SetCompression":     nil,
	"AT_SetNotNull":         (*linter).setNotNull,
	"AT_SetOptions":         nil,
	"AT_SetRelOptions":      nil, // fillfactor, autovacuum
	"AT_SetStatistics":      nil,
	"AT_SetStorage":         nil,
	"AT_ValidateConstraint": (*linter).validate,
}

// clauseAdvice is a better rule than not-listed for some of the clauses that are refused.
var clauseAdvice = map[string]string{
	"AT_AddIdentity": "table-rewrite", "AT_SetAccessMethod": "table-rewrite", "AT_SetExpression": "table-rewrite",
	"AT_SetLogged": "table-rewrite", "AT_SetTableSpace": "table-rewrite", "AT_SetUnLogged": "table-rewrite",
	"AT_AddInherit": "partition", "AT_DetachPartition": "partition", "AT_DropInherit": "partition",
	"AT_ChangeOwner": "revoke", "AT_DropColumn": "drop-column", "AT_DropExpression": "drop-default",
	"AT_DropIdentity": "drop-default", "AT_SetIdentity": "drop-default",
	"AT_EnableRowSecurity": "row-security", "AT_DisableRowSecurity": "row-security",
	"AT_ForceRowSecurity": "row-security", "AT_NoForceRowSecurity": "row-security",
}

func (l *linter) alterTable() {
	a := decode[alterTable](l)
	switch {
	case a.Type == "OBJECT_TYPE" && l.fresh["type "+a.Relation.String()],
		a.Type == "OBJECT_VIEW" && l.fresh["view "+a.Relation.String()]:
		return
	case a.Type == "OBJECT_INDEX":
		l.alterIndex(a)
		return
	case a.Type == "OBJECT_TYPE" || a.Type == "OBJECT_VIEW":
		l.breaks("not-listed", l.current.title())
		return
	}
	if l.isFresh(a.Relation) {
		l.alterFresh(a)
		return
	}
	for _, c := range a.Clauses {
		check, listed := clauses[c.Subtype]
		field := a.Relation.String() + "." + c.Name
		switch {
		case listed && check != nil:
			check(l, a.Relation, c.clause)
		case listed:
		case clauseAdvice[c.Subtype] != "":
			l.breaks(clauseAdvice[c.Subtype], field)
		default:
			l.breaks("not-listed", field)
		}
	}
	l.locks(a.Relation)
}

// alterFresh checks what a change of a table of this file does to others.
func (l *linter) alterFresh(a alterTable) {
	for _, c := range a.Clauses {
		switch {
		case c.Def.Constraint != nil && c.Def.Constraint.Kind == "CONSTR_FOREIGN":
			l.locks(c.Def.Constraint.Referenced)
		case c.Def.Column != nil:
			for _, constraint := range c.Def.Column.Constraints {
				if constraint.Kind == "CONSTR_FOREIGN" {
					l.locks(constraint.Referenced)
				}
			}
		case c.Subtype == "AT_AddInherit" || c.Subtype == "AT_AttachPartition":
			if other := c.Def.table(); !l.isFresh(other) {
				l.breaks("partition", other.String())
				l.locks(other)
			}
		}
	}
}

// attachPartition allows a partition of this file: it is empty, so there is nothing to scan, unless there is a default
// partition that may have its rows.
func (l *linter) attachPartition(table relation, c clause) {
	parent := l.known.table(table)
	if !l.isFresh(c.Def.table()) || c.Def.Partition.Bound.IsDefault || parent != nil && parent.defaultPartition {
		l.breaks("partition", table.String())
	}
}

// replicaIdentity refuses NOTHING: with it a published table refuses UPDATE and DELETE.
func (l *linter) replicaIdentity(table relation, c clause) {
	if c.Def.ReplicaIdentity.Type == "n" {
		l.breaks("not-listed", table.String())
	}
}

func (l *linter) alterEnum() {
	e := decode[alterEnum](l)
	if e.OldValue != "" {
		l.breaks("rename-object", "the value "+e.OldValue)
		return
	}
	if !l.fresh["type "+joined(e.Name)] {
		l.again("ADD VALUE " + e.NewValue)
	}
}

// alterDomain allows what loosens a domain. A new constraint scans every table with a column of the domain.
func (l *linter) alterDomain() {
	d := decode[alterDomain](l)
	if !slices.Contains([]string{"N", "X"}, d.Subtype) && !l.fresh["type "+joined(d.Name)] {
		l.breaks("alter-domain", joined(d.Name))
	}
}

// alterSequence allows what only makes room for more numbers.
func (l *linter) alterSequence() {
	s := decode[alterSequence](l)
	if l.isFresh(s.Sequence) {
		return
	}
	for _, o := range s.Options {
		larger := o.Name == "maxvalue" && o.Arg == nil || o.Name == "as" && joined(o.Arg.typeName()) == "int8"
		if !larger && o.Name != "cache" && o.Name != "owned_by" {
			l.breaks("not-listed", s.Sequence.String())
			break
		}
	}
	l.locks(s.Sequence)
}
