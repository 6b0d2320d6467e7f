package migrationlint

import "strings"

// freshAs is the word under which linter.fresh has the objects of a type.
var freshAs = map[string]string{
	"OBJECT_TABLE": "table ", "OBJECT_FOREIGN_TABLE": "table ", "OBJECT_VIEW": "view ", "OBJECT_MATVIEW": "table ",
	"OBJECT_SEQUENCE": "table ", "OBJECT_TYPE": "type ", "OBJECT_DOMAIN": "type ", "OBJECT_SCHEMA": "schema ",
	"OBJECT_FUNCTION": "function ", "OBJECT_PROCEDURE": "function ", "OBJECT_ROUTINE": "function ",
	"OBJECT_TRIGGER": "table ", "OBJECT_POLICY": "table ", "OBJECT_RULE": "table ", // those of a table of this file
}

// drop allows what this file has made. Of a trigger or policy, that is the table.
func (l *linter) drop() {
	d := decode[drop](l)
	if d.Type == "OBJECT_INDEX" {
		l.dropIndex(d)
		return
	}
	for _, name := range d.names() {
		key := name
		switch d.Type {
		case "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE":
			key = name[:max(0, strings.LastIndex(name, "."))]
		}
		key = freshAs[d.Type] + key
		switch {
		case freshAs[d.Type] != "" && l.fresh[key]:
			if key == freshAs[d.Type]+name { // from now on, the name is that of another one
				delete(l.fresh, key)
				delete(l.temporary, strings.TrimPrefix(name, "pg_temp."))
			}
			continue
		case d.Type == "OBJECT_TABLE" || d.Type == "OBJECT_FOREIGN_TABLE":
			l.breaks("drop-table", name)
		default:
			l.breaks("drop-object", name)
		}
		l.needsTimeout(name)
	}
}

// rename allows the names that no SQL of the running version has: those of indexes, triggers, policies and statistics.
// Its errors and ON CONFLICT ON CONSTRAINT have those of constraints.
func (l *linter) rename() {
	r := decode[rename](l)
	name := r.Relation.String()
	if r.Relation.Name == "" {
		name = strings.TrimSuffix(joined(r.Object.List.Items)+joined(r.Object.Name.Names)+r.Object.Function.signature(), "()")
	}
	subject := strings.TrimSuffix(name+"."+r.Subname, ".")
	_, isConstraint := l.known.constraints[l.known.indexes[name].table+"."+r.Relation.Name]
	switch {
	case r.Relation.Name != "" && l.isFresh(r.Relation):
		if r.Type == "OBJECT_TABLE" {
			delete(l.fresh, "table "+name)
			delete(l.temporary, r.Relation.Name)
			l.fresh["table "+relation{Schema: r.Relation.Schema, Name: r.NewName}.String()] = true
		}
		return
	case name != "" && freshAs[r.Type] != "" && l.fresh[freshAs[r.Type]+name]:
		return
	case r.Type == "OBJECT_INDEX" && !isConstraint,
		r.Type == "OBJECT_TRIGGER", r.Type == "OBJECT_POLICY", r.Type == "OBJECT_STATISTIC_EXT":
	case r.Type == "OBJECT_TABLE" || r.Type == "OBJECT_VIEW" || r.Type == "OBJECT_MATVIEW" || r.NewSchema != "":
		l.breaks("rename-table", subject)
	case r.Type == "OBJECT_COLUMN":
		l.breaks("rename-column", subject)
	default:
		l.breaks("rename-object", subject)
	}
	if r.Type != "OBJECT_INDEX" {
		l.needsTimeout(subject)
	}
}

func (l *linter) truncate() {
	for _, table := range decode[truncate](l).Tables {
		if !l.isFresh(table.Table) && !l.isTemporary(table.Table) {
			l.breaks("truncate", table.Table.String())
			l.locks(table.Table)
		}
	}
}

// grant allows what gives, and what takes away on objects of this file.
func (l *linter) grant() {
	g := decode[grant](l)
	if g.IsGrant {
		return
	}
	for _, o := range g.Objects {
		if !l.isFresh(o.Table) && !l.fresh["function "+o.Function.signature()] {
			l.breaks("revoke", strings.TrimSpace(o.Table.String()+" "+joined(o.Function.Name)))
			return
		}
	}
	if len(g.Objects) == 0 || g.Target != "ACL_TARGET_OBJECT" {
		l.breaks("revoke", l.current.title())
	}
}

func (l *linter) alterDefaultPrivileges() {
	if !decode[alterDefaultPrivileges](l).Action.IsGrant {
		l.breaks("revoke", l.current.title())
	}
}
