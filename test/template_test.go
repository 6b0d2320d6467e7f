package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// template is a parsed CloudFormation template.
type template struct {
	Resources map[string]resource
	Outputs   map[string]any
	Transform any
	text      string
}

// resource is one resource of a template.
type resource struct {
	id                  string
	Type                string
	Properties          map[string]any
	DependsOn           []string
	DeletionPolicy      string
	UpdateReplacePolicy string
	Metadata            map[string]any
}

func readTemplate(path string) template {
	data, err := os.ReadFile(path)
	must(err)
	t := template{text: string(data)}
	must(json.Unmarshal(data, &t))
	for id, r := range t.Resources {
		r.id = id
		t.Resources[id] = r
	}
	return t
}

// all gives the resources of a type in the order of their ids. None at all ends the test: a loop over nothing proves nothing.
func (tpl template) all(t *testing.T, kind string) []resource {
	t.Helper()
	found := tpl.some(kind)
	if len(found) == 0 {
		t.Fatalf("the template has no %s", kind)
	}
	return found
}

// some is all, where none may be right.
func (tpl template) some(kind string) []resource {
	var found []resource
	for _, id := range slices.Sorted(maps.Keys(tpl.Resources)) {
		if tpl.Resources[id].Type == kind {
			found = append(found, tpl.Resources[id])
		}
	}
	return found
}

// one gives the only resource of a type whose construct path contains the given part.
func (tpl template) one(t *testing.T, kind, part string) resource {
	t.Helper()
	var found []resource
	for _, r := range tpl.some(kind) {
		if strings.Contains(r.path(), part) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		t.Fatalf("want one %s under %q, have %d", kind, part, len(found))
	}
	return found[0]
}

// path is the construct path of a resource, with a slash at the end.
func (r resource) path() string {
	path, _ := r.Metadata["aws:cdk:path"].(string)
	return path + "/"
}

// get follows keys and list indexes into the properties.
func (r resource) get(keys ...any) any { return dig(r.Properties, keys...) }

func dig(value any, keys ...any) any {
	for _, key := range keys {
		switch k := key.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[k]
		case int:
			list, _ := value.([]any)
			if k >= len(list) {
				return nil
			}
			value = list[k]
		}
	}
	return value
}

// ref is the logical id that a Ref or Fn::GetAtt names.
func ref(value any) string {
	if id, ok := dig(value, "Ref").(string); ok {
		return id
	}
	id, _ := dig(value, "Fn::GetAtt", 0).(string)
	return id
}

// plain writes a value as compact JSON.
func plain(value any) string {
	data, err := json.Marshal(value)
	must(err)
	return string(data)
}

// want compares a value with a wanted one by its JSON.
func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if g, w := plain(got), plain(wanted); g != w {
		t.Errorf("%s is %s, want %s", what, g, w)
	}
}

// list gives a JSON list, or a single value as a list of one.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// environment gives the plain variables of a task definition's container by name.
func (r resource) environment() map[string]string {
	variables := map[string]string{}
	for _, entry := range list(r.get("ContainerDefinitions", 0, "Environment")) {
		variables[fmt.Sprint(dig(entry, "Name"))] = plain(dig(entry, "Value"))
	}
	return variables
}

// taskDefinition gives the task definition of a service.
func (tpl template) taskDefinition(service resource) resource {
	return tpl.Resources[ref(service.get("TaskDefinition"))]
}

// atoi reads a number that a template holds as text.
func atoi(t *testing.T, value any) float64 {
	t.Helper()
	var n float64
	if _, err := fmt.Sscan(fmt.Sprint(value), &n); err != nil {
		t.Fatalf("%v is not a number", value)
	}
	return n
}
