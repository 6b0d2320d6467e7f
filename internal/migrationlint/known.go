package migrationlint

import "strings"

// known is what earlier migrations of the directory tell about the database.
type known struct {
	annotated   bool // the last file was: such a tool needs its annotations in every file
	tables      map[string]*table
	indexes     map[string]index
	constraints map[string]constraint // table.name
	proved      map[string]string     // table.column -> the validated check that keeps it from being NULL
	set         map[string]bool       // table.column that is NOT NULL
	functions   map[string]bool       // of their own: they may have the name of one of PostgreSQL's
	domains     map[string]bool
	unsure      []func() // IF NOT EXISTS may have found something else: it is believed from the next file on
}

type table struct {
	whole                         bool // CREATE TABLE was seen
	columns                       map[string]column
	keys                          [][]string // the columns of its primary key and its unique constraints
	partitioned, defaultPartition bool
}

type index struct {
	table    string
	columns  []string
	unique   bool
	computes map[string]bool // the columns of its expressions and its condition
}

func newKnown() *known {
	return &known{
		tables: map[string]*table{}, indexes: map[string]index{}, constraints: map[string]constraint{},
		proved: map[string]string{}, set: map[string]bool{}, functions: map[string]bool{}, domains: map[string]bool{},
	}
}

// nextFile believes what the last file was not sure of.
func (k *known) nextFile() {
	for _, believe := range k.unsure {
		believe()
	}
	k.unsure = nil
}

func (k *known) table(r relation) *table { return k.tables[r.String()] }

func (k *known) column(r relation, name string) (column, bool) {
	if t := k.table(r); t != nil {
		c, ok := t.columns[name]
		return c, ok
	}
	return column{}, false
}

// notNull reports whether a column has no NULL, and PostgreSQL knows it.
func (k *known) notNull(r relation, name string) bool {
	field := r.String() + "." + name
	return k.set[field] || k.proved[field] != ""
}

// mayBeNull reports whether a known column of an index may be NULL.
func (k *known) mayBeNull(r relation, name string) bool {
	for _, column := range k.indexes[(relation{Schema: r.Schema, Name: name}).String()].columns {
		if _, known := k.column(r, column); known && !k.notNull(r, column) {
			return true
		}
	}
	return false
}

// computesWith reports whether a check, or an expression or condition of an index, has the column: if its type changes,
// PostgreSQL checks and builds them again.
func (k *known) computesWith(r relation, column string) bool {
	for _, i := range k.indexes {
		if i.table == r.String() && i.computes[column] {
			return true
		}
	}
	for name, c := range k.constraints {
		if c.Kind == "CONSTR_CHECK" && strings.HasPrefix(name, r.String()+".") && columnsOf(c.Expression)[column] {
			return true
		}
	}
	return false
}

func (k *known) addTable(c createTable) {
	name := c.Relation.String()
	t := &table{whole: true, columns: map[string]column{}, partitioned: c.Partitioned != nil}
	k.tables[name] = t
	for _, element := range c.Elements {
		if element.Column != nil {
			k.addColumn(c.Relation, *element.Column)
		} else if element.Constraint != nil {
			k.addConstraint(c.Relation, *element.Constraint, nil)
		}
	}
	for _, parent := range c.Parents {
		if p := k.table(parent.Table); p != nil && c.Bound != nil && c.Bound.IsDefault {
			p.defaultPartition = true
		}
	}
}

func (k *known) addColumn(r relation, c column) {
	t := k.table(r)
	if t == nil {
		t = &table{columns: map[string]column{}}
		k.tables[r.String()] = t
	}
	t.columns[c.Name] = c
	for _, inline := range c.Constraints {
		switch inline.Kind {
		case "CONSTR_NOTNULL", "CONSTR_IDENTITY":
			k.set[r.String()+"."+c.Name] = true
		default:
			k.addConstraint(r, inline.constraint, []string{c.Name})
		}
	}
	if strings.HasSuffix(c.Type.String(), "serial") {
		k.set[r.String()+"."+c.Name] = true
	}
}

// addConstraint notes a constraint and its index, under the name that PostgreSQL gives them if they have none.
func (k *known) addConstraint(r relation, c constraint, columns []string) {
	endings := map[string]string{
		"CONSTR_CHECK": "_check", "CONSTR_FOREIGN": "_fkey", "CONSTR_UNIQUE": "_key", "CONSTR_PRIMARY": "_pkey",
	}
	if endings[c.Kind] == "" {
		return
	}
	for _, key := range append(c.Keys, c.ForeignKeys...) {
		columns = append(columns, key.String.Value)
	}
	unique := c.Kind == "CONSTR_UNIQUE" || c.Kind == "CONSTR_PRIMARY"
	if c.Index != "" {
		columns = k.indexes[(relation{Schema: r.Schema, Name: c.Index}).String()].columns
	}
	switch {
	case c.Name == "" && c.Index != "":
		c.Name = c.Index
	case c.Name == "" && c.Kind == "CONSTR_PRIMARY":
		c.Name = r.Name + endings[c.Kind]
	case c.Name == "" && len(columns) > 0:
		c.Name = strings.Join(append([]string{r.Name}, columns...), "_") + endings[c.Kind]
	}
	c.columns = columns
	k.constraints[r.String()+"."+c.Name] = c
	if !unique {
		return
	}
	k.indexes[relation{Schema: r.Schema, Name: c.Name}.String()] = index{table: r.String(), columns: columns, unique: true}
	if t := k.table(r); t != nil {
		t.keys = append(t.keys, columns)
	}
	for _, column := range columns {
		if c.Kind == "CONSTR_PRIMARY" {
			k.set[r.String()+"."+column] = true
		}
	}
}
