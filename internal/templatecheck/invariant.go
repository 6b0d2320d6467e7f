package templatecheck

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dozen/internal/assembly"
)

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

// Check applies every rule to a stack's template. The findings come in the order of the rules and the logical ids.
func Check(stack *assembly.Stack) []Finding {
	var findings []Finding
	for _, rule := range rules {
		for _, id := range slices.Sorted(maps.Keys(stack.Resources)) {
			resource := stack.Resources[id]
			if resource.Type != rule.resource && rule.resource != "" {
				continue
			}
			rule.check(resource, func(property, problem, remedy string) {
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
	check    func(*assembly.Resource, report)
}

// at follows keys into nested properties; nil when one is missing or its holder is not an object. Where an intrinsic stands
// on the way, what is below it is as unknown as it is: it stands for that.
func at(properties any, keys ...string) any {
	for _, key := range keys {
		object, ok := properties.(map[string]any)
		if !ok {
			return nil
		}
		inner, has := object[key]
		if !has && intrinsic(object) {
			return object
		}
		properties = inner
	}
	return properties
}

// intrinsic says that only AWS knows a value, once it deploys.
func intrinsic(value any) bool {
	object, _ := value.(map[string]any)
	for name := range object {
		return len(object) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::"))
	}
	return false
}

// agrees says that a value is the wanted text, number or truth value, or may turn out to be.
func agrees(value, wanted any) bool {
	if intrinsic(value) || intrinsic(wanted) {
		return true
	}
	switch value.(type) {
	case map[string]any, []any:
		return false // Go does not compare them
	}
	return value == wanted
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
