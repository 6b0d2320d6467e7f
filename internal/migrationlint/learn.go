package migrationlint

// learn notes what the current statement has changed, for later statements.
func (l *linter) learn() {
	k := l.known
	switch l.current.kind {
	case "CreateStmt":
		c := decode[createTable](l)
		switch {
		case c.Relation.Persistence == "t":
		case c.IfNotExists:
			k.unsure = append(k.unsure, func() {
				if k.table(c.Relation) == nil {
					k.addTable(c)
				}
			})
		default:
			k.addTable(c)
		}
	case "IndexStmt":
		l.learnIndex(decode[createIndex](l))
	case "AlterTableStmt":
		a := decode[alterTable](l)
		for _, c := range a.Clauses {
			if a.Type == "OBJECT_TABLE" {
				l.learnClause(a.Relation, c.clause)
			}
		}
	case "CreateFunctionStmt":
		k.functions[lastOf(decode[createFunction](l).Name)] = true
	case "CreateDomainStmt":
		k.domains[joined(decode[createDomain](l).Name)] = true
	case "RenameStmt": // of a table or column nothing is known under the new name
		r := decode[rename](l)
		if r.Subname == "" {
			if old, isIndex := k.indexes[r.Relation.String()]; isIndex {
				k.indexes[relation{Schema: r.Relation.Schema, Name: r.NewName}.String()] = old
			}
			delete(k.tables, r.Relation.String())
			delete(k.indexes, r.Relation.String())
		} else if t := k.table(r.Relation); t != nil {
			delete(t.columns, r.Subname)
			delete(k.constraints, r.Relation.String()+"."+r.Subname)
		}
	case "DropStmt":
		for _, name := range decode[drop](l).names() {
			delete(k.tables, name)
			delete(k.indexes, name)
		}
	}
}

func (l *linter) learnIndex(i createIndex) {
	name := relation{Schema: i.Relation.Schema, Name: i.Name}.String()
	made := index{table: i.Relation.String(), unique: i.Unique, computes: columnsOf(i.Where)}
	for _, param := range i.Params {
		made.columns = append(made.columns, param.Elem.Name) // "" for an expression, which is no key
		for column := range columnsOf(param.Elem.Expression) {
			made.computes[column] = true
		}
	}
	add := func() {
		l.known.indexes[name] = made
		if t := l.known.table(i.Relation); t != nil && i.Unique && i.Where == nil {
			t.keys = append(t.keys, made.columns)
		}
	}
	if !i.IfNotExists {
		add()
		return
	}
	k := l.known
	k.unsure = append(k.unsure, func() {
		if _, exists := k.indexes[name]; !exists {
			add()
		}
	})
}

func (l *linter) learnClause(r relation, c clause) {
	k, field := l.known, r.String()+"."+c.Name
	switch c.Subtype {
	case "AT_AddColumn":
		if !c.MissingOK {
			k.addColumn(r, *c.Def.Column)
			return
		}
		k.unsure = append(k.unsure, func() {
			if _, exists := k.column(r, c.Def.Column.Name); !exists {
				k.addColumn(r, *c.Def.Column)
			}
		})
	case "AT_DropColumn":
		if t := k.table(r); t != nil {
			delete(t.columns, c.Name)
		}
		delete(k.set, field)
		delete(k.proved, field)
	case "AT_AlterColumnType":
		if old, exists := k.column(r, c.Name); exists {
			old.Type = c.Def.Column.Type
			k.table(r).columns[c.Name] = old
		}
	case "AT_SetNotNull":
		k.set[field] = true
	case "AT_DropNotNull":
		delete(k.set, field)
	case "AT_AddConstraint":
		k.addConstraint(r, *c.Def.Constraint, nil)
	case "AT_ValidateConstraint":
		if column := notNullColumn(k.constraints[field].Expression); column != "" {
			k.proved[r.String()+"."+column] = c.Name
		}
	case "AT_DropConstraint":
		if column := notNullColumn(k.constraints[field].Expression); column != "" && k.proved[r.String()+"."+column] == c.Name {
			delete(k.proved, r.String()+"."+column)
		}
		delete(k.constraints, field)
		delete(k.indexes, relation{Schema: r.Schema, Name: c.Name}.String())
	}
}
