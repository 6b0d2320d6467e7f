package migrationlint

import (
	"encoding/json"
	"strings"
)

// repeatable are the flags of statements that do nothing, or replace, if the object exists or is gone.
type repeatable struct {
	IfNotExists  bool `json:"if_not_exists"`
	Replace      bool `json:"replace"`
	MissingOK    bool `json:"missing_ok"`
	SkipIfExists bool `json:"skipIfNewValExists"`
}

type alterTable struct {
	Relation relation     `json:"relation"`
	Clauses  []clauseNode `json:"cmds"`
	Type     string       `json:"objtype"`
}

type clauseNode struct {
	clause `json:"AlterTableCmd"`
}

type clause struct {
	Subtype   string     `json:"subtype"`
	Name      string     `json:"name"`
	MissingOK bool       `json:"missing_ok"`
	Def       definition `json:"def"`
}

type createTable struct {
	Relation    relation        `json:"relation"`
	IfNotExists bool            `json:"if_not_exists"`
	Parents     []tableNode     `json:"inhRelations"`
	Partitioned json.RawMessage `json:"partspec"`
	Bound       *bound          `json:"partbound"`
	Elements    []struct {
		Column     *column     `json:"ColumnDef"`
		Constraint *constraint `json:"Constraint"`
	} `json:"tableElts"`
}

// constraints returns those of the table and of its columns.
func (c createTable) constraints() (all []constraint) {
	for _, element := range c.Elements {
		if element.Constraint != nil {
			all = append(all, *element.Constraint)
		}
		if element.Column != nil {
			for _, inline := range element.Column.Constraints {
				all = append(all, inline.constraint)
			}
		}
	}
	return all
}

type into struct {
	Rel relation `json:"rel"`
}

type createTableAs struct {
	Into        into `json:"into"`
	IfNotExists bool `json:"if_not_exists"`
}

type createIndex struct {
	Name             string          `json:"idxname"`
	Relation         relation        `json:"relation"`
	Concurrent       bool            `json:"concurrent"`
	Unique           bool            `json:"unique"`
	NullsNotDistinct bool            `json:"nulls_not_distinct"`
	IfNotExists      bool            `json:"if_not_exists"`
	Where            json.RawMessage `json:"whereClause"`
	Params           []struct {
		Elem struct {
			Name       string          `json:"name"`
			Expression json.RawMessage `json:"expr"`
		} `json:"IndexElem"`
	} `json:"indexParams"`
}

type createType struct {
	Name      []nameNode `json:"typeName"` // an enum's or a range's
	Composite relation   `json:"typevar"`
}

type createDomain struct {
	Name []nameNode `json:"domainname"`
}

type createFunction struct {
	Name       []nameNode `json:"funcname"`
	Replace    bool       `json:"replace"`
	Parameters []struct {
		Parameter struct {
			Type typeName `json:"argType"`
			Mode string   `json:"mode"`
		} `json:"FunctionParameter"`
	} `json:"parameters"`
}

// signature returns the name with the types by which PostgreSQL tells functions of one name apart.
func (f createFunction) signature() string {
	var types []string
	for _, p := range f.Parameters {
		if p.Parameter.Mode != "FUNC_PARAM_OUT" && p.Parameter.Mode != "FUNC_PARAM_TABLE" {
			types = append(types, p.Parameter.Type.String())
		}
	}
	return joined(f.Name) + "(" + strings.Join(types, ",") + ")"
}

type createSchema struct {
	Name        string            `json:"schemaname"`
	Elements    []json.RawMessage `json:"schemaElts"`
	IfNotExists bool              `json:"if_not_exists"`
}

type createSequence struct {
	Sequence    relation `json:"sequence"`
	IfNotExists bool     `json:"if_not_exists"`
}

type createView struct {
	View    relation `json:"view"`
	Replace bool     `json:"replace"`
}

type createTrigger struct {
	Name         string   `json:"trigname"`
	Relation     relation `json:"relation"`
	IsConstraint bool     `json:"isconstraint"`
}

type createPolicy struct {
	Name       string   `json:"policy_name"`
	Table      relation `json:"table"`
	Permissive bool     `json:"permissive"`
}

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
