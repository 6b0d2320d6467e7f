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
