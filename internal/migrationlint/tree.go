package migrationlint

import "encoding/json"

// These are the parts of PostgreSQL's parse tree that the rules use, under the parser's own names. The statements are in
// tree_create.go and tree_change.go.

type relation struct {
	Schema      string `json:"schemaname"`
	Name        string `json:"relname"`
	Persistence string `json:"relpersistence"` // "t" of a temporary table
	Inherit     bool   `json:"inh"`            // false for ONLY
	Alias       struct {
		Name string `json:"aliasname"`
	} `json:"alias"`
}

func (r relation) String() string {
	if r.Schema != "" && r.Schema != "public" {
		return r.Schema + "." + r.Name
	}
	return r.Name
}

// tableNode is a table where the parser also allows other nodes.
type tableNode struct {
	Table relation `json:"RangeVar"`
}

type nameNode struct {
	String struct {
		Value string `json:"sval"`
	} `json:"String"`
}

type columnRef struct {
	Fields []nameNode `json:"fields"`
}

type constant struct {
	Const struct {
		IsNull bool `json:"isnull"`
		Text   struct {
			Value string `json:"sval"`
		} `json:"sval"`
		Float struct {
			Value string `json:"fval"`
		} `json:"fval"`
		Int struct {
			Value int `json:"ival"`
		} `json:"ival"`
	} `json:"A_Const"`
}

type typeName struct {
	Names       []nameNode        `json:"names"`
	Limits      []json.RawMessage `json:"typmods"`
	ArrayBounds []json.RawMessage `json:"arrayBounds"`
}

func (t typeName) String() string {
	if len(t.Names) > 1 && t.Names[0].String.Value == "pg_catalog" {
		return joined(t.Names[1:])
	}
	return joined(t.Names)
}

// limits returns the numbers behind the type's name, as in numeric(10,2). The result is false if there is something else.
func (t typeName) limits() (limits []int, ok bool) {
	for _, raw := range t.Limits {
		var number struct {
			Const *struct {
				Int *struct {
					Value int `json:"ival"`
				} `json:"ival"`
			} `json:"A_Const"`
		}
		if json.Unmarshal(raw, &number) != nil || number.Const == nil || number.Const.Int == nil {
			return nil, false
		}
		limits = append(limits, number.Const.Int.Value)
	}
	return limits, true
}

type column struct {
	Name        string           `json:"colname"`
	Type        typeName         `json:"typeName"`
	Constraints []constraintNode `json:"constraints"`
	Default     json.RawMessage  `json:"raw_default"` // USING of ALTER COLUMN TYPE
	Collation   json.RawMessage  `json:"collClause"`
}

// defaultValue returns the expression behind DEFAULT, or nil.
func (c column) defaultValue() json.RawMessage {
	for _, constraint := range c.Constraints {
		if constraint.Kind == "CONSTR_DEFAULT" {
			return constraint.Expression
		}
	}
	return nil
}

// generated reports whether PostgreSQL fills the column.
func (c column) generated() bool {
	for _, constraint := range c.Constraints {
		if constraint.Kind == "CONSTR_GENERATED" || constraint.Kind == "CONSTR_IDENTITY" {
			return true
		}
	}
	return false
}

type constraintNode struct {
	constraint `json:"Constraint"`
}

type constraint struct {
	Kind           string          `json:"contype"`
	Name           string          `json:"conname"`
	SkipValidation bool            `json:"skip_validation"`
	Index          string          `json:"indexname"`
	Expression     json.RawMessage `json:"raw_expr"`
	Referenced     relation        `json:"pktable"`
	Keys           []nameNode      `json:"keys"`
	ForeignKeys    []nameNode      `json:"fk_attrs"`
	OnDelete       string          `json:"fk_del_action"`
	OnUpdate       string          `json:"fk_upd_action"`
	Deferrable     bool            `json:"deferrable"`

	columns []string
}

// acts reports whether a foreign key changes or deletes rows by itself.
func (c constraint) acts() bool {
	passive := func(action string) bool { return action == "" || action == "a" || action == "r" }
	return !passive(c.OnDelete) || !passive(c.OnUpdate)
}

// definition is what a clause of ALTER TABLE adds or sets. An expression is only in raw.
type definition struct {
	raw             json.RawMessage
	Column          *column
	Constraint      *constraint
	Partition       partition
	ReplicaIdentity struct{ Type string }
	Parent          relation
}

type partition struct {
	Table relation `json:"name"`
	Bound bound    `json:"bound"`
}

type bound struct {
	IsDefault bool `json:"is_default"`
}

// UnmarshalJSON also keeps the text.
func (d *definition) UnmarshalJSON(raw []byte) error {
	var fields struct {
		Column          *column     `json:"ColumnDef"`
		Constraint      *constraint `json:"Constraint"`
		Partition       partition   `json:"PartitionCmd"`
		ReplicaIdentity struct {
			Type string `json:"identity_type"`
		} `json:"ReplicaIdentityStmt"`
		Parent relation `json:"RangeVar"`
	}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	*d = definition{raw: append(json.RawMessage{}, raw...), Column: fields.Column, Constraint: fields.Constraint,
		Partition: fields.Partition, Parent: fields.Parent}
	d.ReplicaIdentity.Type = fields.ReplicaIdentity.Type
	return nil
}

func (d definition) empty() bool { return len(d.raw) == 0 }

// table returns the other table of the clause: a partition or a parent.
func (d definition) table() relation {
	if d.Parent.Name != "" {
		return d.Parent
	}
	return d.Partition.Table
}
