package migrationlint

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
)

// functions are those of PostgreSQL that give the same for every row of a statement, so they change nothing. A test asks
// the server.
//
//go:embed functions.txt
var functionNames string

var functions = strings.Fields(functionNames)

// volatile are functions that give something else for each row, and change nothing that somebody would miss.
var volatile = []string{
	"clock_timestamp", "crypt", "gen_random_bytes", "gen_random_uuid", "gen_salt", "nextval", "random", "timeofday",
	"uuid_generate_v4",
}

// harmless reports whether a statement may call a function. One of their own may do anything.
func (l *linter) harmless(name string) bool {
	return !l.known.functions[name] && (slices.Contains(functions, name) || slices.Contains(volatile, name))
}

// computedOnce reports whether PostgreSQL computes a default once and does not rewrite the rows.
func (l *linter) computedOnce(expression json.RawMessage) bool {
	once := true
	walk(expression, func(kind string, node map[string]any) {
		if kind == "FuncCall" {
			name := lastName(node["funcname"])
			once = once && slices.Contains(functions, name) && !l.known.functions[name]
		}
	})
	return once
}

// walk visits the nodes below a tree's root: each has a kind, and fields.
func walk(tree json.RawMessage, visit func(kind string, node map[string]any)) {
	var root any
	if json.Unmarshal(tree, &root) != nil {
		return
	}
	var descend func(any)
	descend = func(value any) {
		switch v := value.(type) {
		case []any:
			for _, item := range v {
				descend(item)
			}
		case map[string]any:
			for key, child := range v {
				if node, ok := child.(map[string]any); ok && key != "" && key[0] >= 'A' && key[0] <= 'Z' {
					visit(key, node)
				}
				descend(child)
			}
		}
	}
	descend(root)
}

// columnsOf returns the columns that an expression has.
func columnsOf(expression json.RawMessage) map[string]bool {
	found := map[string]bool{}
	walk(expression, func(kind string, node map[string]any) {
		if kind == "ColumnRef" {
			found[lastName(node["fields"])] = true
		}
	})
	return found
}

// lastName returns the last part of a name in a walked tree, such as now of pg_catalog.now.
func lastName(parts any) string {
	list, _ := parts.([]any)
	if len(list) == 0 {
		return ""
	}
	part, _ := list[len(list)-1].(map[string]any)
	text, _ := part["String"].(map[string]any)
	name, _ := text["sval"].(string)
	return name
}

func lastOf(names []nameNode) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1].String.Value
}

// joined returns a name with its schema, if that is not public.
func joined(names []nameNode) string {
	var parts []string
	for i, name := range names {
		if i > 0 || len(names) == 1 || name.String.Value != "public" {
			parts = append(parts, name.String.Value)
		}
	}
	return strings.Join(parts, ".")
}

// isNull reports whether an expression is NULL, maybe with a type.
func isNull(expression json.RawMessage) bool {
	var value struct {
		constant
		Cast struct {
			Arg json.RawMessage `json:"arg"`
		} `json:"TypeCast"`
	}
	if json.Unmarshal(expression, &value) != nil {
		return false
	}
	return value.Const.IsNull || len(value.Cast.Arg) > 0 && isNull(value.Cast.Arg)
}
