package test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"dozen/internal/assembly"
)

// template is a stack as internal/assembly reads it, with the assertions of these tests.
type template struct {
	*assembly.Stack
	text string // of the file
}

// resource is a resource as internal/assembly reads it, with the assertions of these tests.
type resource struct{ *assembly.Resource }

// resources returns every resource in the order of their logical ids.
func (tpl template) resources() []resource {
	var found []resource
	for _, id := range slices.Sorted(maps.Keys(tpl.Resources)) {
		found = append(found, resource{tpl.Resources[id]})
	}
	return found
}

// resource returns the resource with a logical id; one without type and properties if the template has none.
func (tpl template) resource(id string) resource {
	if r := tpl.Resources[id]; r != nil {
		return resource{r}
	}
	return resource{&assembly.Resource{}}
}

// ofType returns the resources of a type in the order of their logical ids, and nil if there are none.
func (tpl template) ofType(resourceType string) []resource {
	return slices.DeleteFunc(tpl.resources(), func(r resource) bool { return r.Type != resourceType })
}

// all is ofType, but ends the test if there are none: a loop over nothing proves nothing.
func (tpl template) all(t *testing.T, resourceType string) []resource {
	t.Helper()
	found := tpl.ofType(resourceType)
	if len(found) == 0 {
		t.Fatalf("the template has no %s", resourceType)
	}
	return found
}

// one returns the only resource of a type whose construct path contains the given part, and ends the test unless there is
// exactly one.
func (tpl template) one(t *testing.T, resourceType, part string) resource {
	t.Helper()
	found := slices.DeleteFunc(tpl.ofType(resourceType), func(r resource) bool { return !r.under(part) })
	if len(found) != 1 {
		t.Fatalf("want one %s under %q, got %d", resourceType, part, len(found))
	}
	return found[0]
}

// output returns the value of an output, nil if the template does not have it.
func (tpl template) output(name string) any { return tpl.Outputs[name].Value }

// taskDefinition returns the task definition of a service.
func (tpl template) taskDefinition(service resource) resource {
	return tpl.resource(ref(service.get("TaskDefinition")))
}

// path returns the construct path with a slash at the end, so that each of its parts is between slashes.
func (r resource) path() string { return r.Path() + "/" }

// under reports whether the construct path contains the given part, such as "/Web/".
func (r resource) under(part string) bool { return strings.Contains(r.path(), part) }

// get follows keys and list indexes into the properties.
func (r resource) get(keys ...any) any { return dig(r.Properties, keys...) }

// container follows keys and list indexes into a task definition's first container, which is the app's.
func (r resource) container(keys ...any) any { return dig(r.get("ContainerDefinitions", 0), keys...) }

// variables returns the plain variables of a task definition's first container by name, each value as JSON.
func (r resource) variables() map[string]string {
	return r.variablesOf(fmt.Sprint(r.container("Name")))
}

// variablesOf returns the same of another container.
func (r resource) variablesOf(container string) map[string]string {
	variables := map[string]string{}
	for _, c := range list(r.get("ContainerDefinitions")) {
		if dig(c, "Name") != container {
			continue
		}
		for _, entry := range list(dig(c, "Environment")) {
			variables[fmt.Sprint(dig(entry, "Name"))] = plain(dig(entry, "Value"))
		}
	}
	return variables
}

// dig follows keys and list indexes into a value, and returns nil where there is nothing.
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

// ref returns the logical id that a Ref or Fn::GetAtt names.
func ref(value any) string {
	if id, ok := dig(value, "Ref").(string); ok {
		return id
	}
	id, _ := dig(value, "Fn::GetAtt", 0).(string)
	return id
}

// list returns a JSON list as it is, and a single value as a list of one.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// plain returns a value as compact JSON.
func plain(value any) string {
	data, err := json.Marshal(value)
	must(err)
	return string(data)
}

// want compares a value with a wanted one by their JSON.
func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if g, w := plain(got), plain(wanted); g != w {
		t.Errorf("%s is %s, want %s", what, g, w)
	}
}

// number returns a number that a template contains as a string.
func number(t *testing.T, value any) float64 {
	t.Helper()
	var n float64
	if _, err := fmt.Sscan(fmt.Sprint(value), &n); err != nil {
		t.Fatalf("%v is not a number", value)
	}
	return n
}
