package migrationlint

import (
	"encoding/json"
	"strings"
)

// These are the parts of PostgreSQL's parse tree that the rules use, under the parser's own names.

type relation struct {
	Schema string `json:"schemaname"`
	Name   string `json:"relname"`
}

func (r relation) String() string {
	if r.Schema != "" && r.Schema != "public" {
		return r.Schema + "." + r.Name
	}
	return r.Name
}

type alterTable struct {
	Relation relation `json:"relation"`
	Cmds     []struct {
		Cmd alterTableCmd `json:"AlterTableCmd"`
	} `json:"cmds"`
	ObjType string `json:"objtype"`
}

type alterTableCmd struct {
	Subtype   string `json:"subtype"`
	Name      string `json:"name"`
	MissingOK bool   `json:"missing_ok"`
	Def       *struct {
		Column     *column     `json:"ColumnDef"`
		Constraint *constraint `json:"Constraint"`
		Partition  *partition  `json:"PartitionCmd"`
	} `json:"def"`
}

type partition struct {
	Concurrent bool `json:"concurrent"`
}

type column struct {
	Name string `json:"colname"`
	Type struct {
		Names []nameNode `json:"names"`
	} `json:"typeName"`
	Constraints []struct {
		Constraint constraint `json:"Constraint"`
	} `json:"constraints"`
}

func (c column) typeName() string {
	if len(c.Type.Names) == 0 {
		return ""
	}
	return c.Type.Names[len(c.Type.Names)-1].String.Value
}

type constraint struct {
	Kind           string          `json:"contype"`
	Name           string          `json:"conname"`
	SkipValidation bool            `json:"skip_validation"`
	Index          string          `json:"indexname"`
	Expression     json.RawMessage `json:"raw_expr"`
	Referenced     relation        `json:"pktable"`
}

type nameNode struct {
	String struct {
		Value string `json:"sval"`
	} `json:"String"`
}

type createTable struct {
	Relation    relation `json:"relation"`
	IfNotExists bool     `json:"if_not_exists"`
	Elements    []struct {
		Column     *column     `json:"ColumnDef"`
		Constraint *constraint `json:"Constraint"`
	} `json:"tableElts"`
}

type createIndex struct {
	Name        string   `json:"idxname"`
	Relation    relation `json:"relation"`
	Concurrent  bool     `json:"concurrent"`
	IfNotExists bool     `json:"if_not_exists"`
}

type drop struct {
	Type       string            `json:"removeType"`
	Objects    []json.RawMessage `json:"objects"`
	MissingOK  bool              `json:"missing_ok"`
	Concurrent bool              `json:"concurrent"`
}

// names returns the names of the dropped objects, with their schema if it is not public.
func (d drop) names() []string {
	var all []string
	for _, object := range d.Objects {
		var list struct {
			List struct {
				Items []nameNode `json:"items"`
			} `json:"List"`
			nameNode
		}
		if err := json.Unmarshal(object, &list); err != nil {
			continue
		}
		var parts []string
		for _, item := range list.List.Items {
			if item.String.Value != "public" {
				parts = append(parts, item.String.Value)
			}
		}
		if name := list.String.Value; name != "" {
			parts = append(parts, name)
		}
		all = append(all, strings.Join(parts, "."))
	}
	return all
}

type rename struct {
	Type     string   `json:"renameType"`
	Relation relation `json:"relation"`
	Subname  string   `json:"subname"`
}

type changeSchema struct {
	Relation relation `json:"relation"`
}

type setVariable struct {
	Name    string            `json:"name"`
	Args    []json.RawMessage `json:"args"`
	IsLocal bool              `json:"is_local"`
	Kind    string            `json:"kind"`
}

type changedRows struct {
	Relation   relation        `json:"relation"`
	Where      json.RawMessage `json:"whereClause"`
	OnConflict json.RawMessage `json:"onConflictClause"`
}

type options struct {
	Relation relation `json:"relation"`
	Params   []option `json:"params"`
	Options  []option `json:"options"`
}

type option struct {
	Elem struct {
		Name string `json:"defname"`
	} `json:"DefElem"`
}

func hasOption(list []option, name string) bool {
	for _, o := range list {
		if o.Elem.Name == name {
			return true
		}
	}
	return false
}

// functionsIn returns the names of all functions that an expression calls.
func functionsIn(expression json.RawMessage) []string {
	var found []string
	var walk func(any)
	walk = func(node any) {
		switch n := node.(type) {
		case []any:
			for _, item := range n {
				walk(item)
			}
		case map[string]any:
			if call, ok := n["FuncCall"].(map[string]any); ok {
				if parts, ok := call["funcname"].([]any); ok && len(parts) > 0 {
					found = append(found, lastName(parts))
				}
			}
			for _, child := range n {
				walk(child)
			}
		}
	}
	var root any
	if err := json.Unmarshal(expression, &root); err == nil {
		walk(root)
	}
	return found
}

func lastName(parts []any) string {
	part, _ := parts[len(parts)-1].(map[string]any)
	text, _ := part["String"].(map[string]any)
	name, _ := text["sval"].(string)
	return name
}
