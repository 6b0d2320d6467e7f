package templatecheck

import (
	"fmt"
	"maps"
	"slices"

	"dozen/internal/assembly"
)

// Problem is something wrong with a resource.
type Problem struct {
	Where    string // template and logical id, or construct path
	Property string // path below Properties, or the rule's name
	Problem  string
	Remedy   string
}

// String returns "where: property: problem; remedy".
func (p Problem) String() string {
	return fmt.Sprintf("%s: %s: %s; %s", p.Where, p.Property, p.Problem, p.Remedy)
}

// Stack applies every rule to a stack's template. The problems come in the order of the rules and the logical ids.
func Stack(stack *assembly.Stack) []Problem {
	var problems []Problem
	for _, rule := range rules {
		for _, id := range slices.Sorted(maps.Keys(stack.Resources)) {
			resource := stack.Resources[id]
			if resource.Type != rule.resourceType && rule.resourceType != "" {
				continue
			}
			rule.check(resource, func(ok bool, property, problem, remedy string) {
				if !ok {
					problems = append(problems, Problem{Where: id, Property: property, Problem: problem, Remedy: remedy})
				}
			})
		}
	}
	return problems
}

// requirer records a problem with the resource that a rule checks, unless ok.
type requirer func(ok bool, property, problem, remedy string)

// rule checks every resource of a type, or every resource if the type is empty.
type rule struct {
	resourceType string
	check        func(*assembly.Resource, requirer)
}
