package migrationlint

import (
	"encoding/json"
	"strings"
)

type define struct {
	Kind string `json:"kind"`
}

type alterEnum struct {
	Name     []nameNode `json:"typeName"`
	OldValue string     `json:"oldVal"`
	NewValue string     `json:"newVal"`
}

type alterDomain struct {
	Name    []nameNode `json:"typeName"`
	Subtype string     `json:"subtype"`
}

type alterSequence struct {
	Sequence relation     `json:"sequence"`
	Options  []optionNode `json:"options"`
}

type alterDefaultPrivileges struct {
	Action grant `json:"action"`
}

type objectWithArgs struct {
	Name       []nameNode `json:"objname"`
	Unspecific bool       `json:"args_unspecified"` // PostgreSQL refuses it if there are two
	Args       []struct {
		Type typeName `json:"TypeName"`
	} `json:"objargs"`
}

func (o objectWithArgs) signature() string {
	var types []string
	for _, arg := range o.Args {
		types = append(types, arg.Type.String())
	}
	return joined(o.Name) + "(" + strings.Join(types, ",") + ")"
}

type grant struct {
	IsGrant bool   `json:"is_grant"`
	Target  string `json:"targtype"`
	Objects []struct {
		tableNode
		Function objectWithArgs `json:"ObjectWithArgs"`
	} `json:"objects"`
}

type truncate struct {
	Tables []tableNode `json:"relations"`
}

type setVariable struct {
	Name    string     `json:"name"`
	Args    []constant `json:"args"`
	IsLocal bool       `json:"is_local"`
	Kind    string     `json:"kind"`
}

type transactionStatement struct {
	Kind string `json:"kind"`
}

type insertRows struct {
	Relation   relation    `json:"relation"`
	OnConflict *onConflict `json:"onConflictClause"`
}

type onConflict struct {
	Action string `json:"action"`
}

func (c *onConflict) updates() bool { return c != nil && c.Action == "ONCONFLICT_UPDATE" }

type changeRows struct {
	Relation relation          `json:"relation"`
	Where    json.RawMessage   `json:"whereClause"`
	From     []json.RawMessage `json:"fromClause"`
	Using    []json.RawMessage `json:"usingClause"`
}

// column returns the name of a column of the changed table, and "" for one that may be of another table.
func (c changeRows) column(ref columnRef) string {
	name := c.Relation.Alias.Name
	if name == "" {
		name = c.Relation.Name
	}
	switch {
	case len(ref.Fields) == 1 && len(c.From)+len(c.Using) == 0:
	case len(ref.Fields) == 2 && ref.Fields[0].String.Value == name:
	default:
		return ""
	}
	return lastOf(ref.Fields)
}

type selectRows struct {
	Into *into `json:"intoClause"`
}

type refresh struct {
	Relation   relation `json:"relation"`
	Concurrent bool     `json:"concurrent"`
}

type options struct {
	Relation relation     `json:"relation"`
	Params   []optionNode `json:"params"`
	Options  []optionNode `json:"options"`
	IsVacuum bool         `json:"is_vacuumcmd"`
}

type optionNode struct {
	option `json:"DefElem"`
}

type option struct {
	Name string     `json:"defname"`
	Arg  *optionArg `json:"arg"`
}

type optionArg struct {
	Type typeName `json:"TypeName"`
}

// typeName returns the type of AS in ALTER SEQUENCE, without its schema.
func (a *optionArg) typeName() []nameNode {
	if a == nil || len(a.Type.Names) == 0 {
		return nil
	}
	return a.Type.Names[len(a.Type.Names)-1:]
}

func hasOption(list []optionNode, name string) bool {
	for _, o := range list {
		if o.Name == name {
			return true
		}
	}
	return false
}

type drop struct {
	Type       string       `json:"removeType"`
	Objects    []objectNode `json:"objects"`
	MissingOK  bool         `json:"missing_ok"`
	Concurrent bool         `json:"concurrent"`
}

// objectNode is the name of an object, in one of the forms of the parser.
type objectNode struct {
	List struct {
		Items []nameNode `json:"items"`
	} `json:"List"`
	Name     typeName       `json:"TypeName"`
	Function objectWithArgs `json:"ObjectWithArgs"`
	nameNode
}

// names returns the names of the dropped objects, with their schema if it is not public.
func (d drop) names() (all []string) {
	for _, o := range d.Objects {
		if len(o.Function.Name) > 0 {
			all = append(all, o.Function.signature())
			continue
		}
		parts := append(append([]nameNode{}, o.List.Items...), o.Name.Names...)
		if o.String.Value != "" {
			parts = append(parts, o.nameNode)
		}
		all = append(all, joined(parts))
	}
	return all
}

type rename struct {
	Type      string     `json:"renameType"`
	Relation  relation   `json:"relation"`
	Object    objectNode `json:"object"`
	Subname   string     `json:"subname"`
	NewName   string     `json:"newname"`
	NewSchema string     `json:"newschema"`
}
