package invariant

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Template is what the rules read of a CloudFormation template.
type Template struct {
	Resources map[string]Resource
	Outputs   map[string]any
}

// Resource is one resource of a template.
type Resource struct {
	Type       string
	Properties map[string]any
	DependsOn  any
}

// Finding is one thing that is wrong with a resource.
type Finding struct {
	Where    string // stack and logical id, or construct path
	Property string // path below Properties, or the rule's name
	Problem  string
	Remedy   string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s; %s", f.Where, f.Property, f.Problem, f.Remedy)
}

// Parse reads a template.
func Parse(data []byte) (Template, error) {
	var t Template
	if err := json.Unmarshal(data, &t); err != nil {
		return Template{}, fmt.Errorf("not a CloudFormation template: %w", err)
	}
	return t, nil
}

// Check applies every rule to a template. The findings come in the order of the rules and the logical ids.
func Check(t Template) []Finding {
	var findings []Finding
	for _, rule := range rules {
		for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
			resource := t.Resources[id]
			if resource.Type != rule.resource && rule.resource != "" {
				continue
			}
			rule.check(t, resource, func(property, problem, remedy string) {
				findings = append(findings, Finding{Where: id, Property: property, Problem: problem, Remedy: remedy})
			})
		}
	}
	return findings
}

// report records a finding on the resource that a rule looks at.
type report func(property, problem, remedy string)

// rule looks at every resource of a type, or at every resource when the type is empty.
type rule struct {
	resource string
	check    func(Template, Resource, report)
}

// at follows keys into nested properties; nil when one is missing or its holder is not an object.
func at(properties any, keys ...string) any {
	for _, key := range keys {
		object, ok := properties.(map[string]any)
		if !ok {
			return nil
		}
		properties = object[key]
	}
	return properties
}

// list gives a value as a list: nil is empty, anything but a list stands for itself.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}

// number gives a JSON number or a number in a string; false for intrinsics.
func number(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case string:
		var n float64
		_, err := fmt.Sscanf(v, "%g", &n)
		return n, err == nil
	}
	return 0, false
}

// target is the logical id that a Ref or Fn::GetAtt names; empty for anything else.
func target(value any) string {
	if id, ok := at(value, "Ref").(string); ok {
		return id
	}
	if parts := list(at(value, "Fn::GetAtt")); len(parts) > 0 {
		id, _ := parts[0].(string)
		return id
	}
	return ""
}
