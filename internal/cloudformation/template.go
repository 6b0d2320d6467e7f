package cloudformation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dozen/internal/assembly"
	"dozen/internal/gate"
)

// template is a stack's template, prepared once for many deployments.
type template struct {
	name                  string
	text                  string // what the command line compares
	nodes                 map[string]*node
	ids                   []string // of the nodes, sorted
	outputs               map[string]*expression
	parameters            map[string]assembly.Parameter
	terminationProtection bool
	policies              map[string][]string // logical id of a role -> those of its policies
	gate                  *node               // the migration gate, nil without one
}

// node is a resource of a template.
type node struct {
	*assembly.Resource
	properties *expression
	after      []string // logical ids that must exist first, and names that are not logical ids
}

// compile prepares a template.
func compile(stack *assembly.Stack) (*template, error) {
	t := &template{
		name: stack.Name, ids: slices.Sorted(maps.Keys(stack.Resources)), nodes: map[string]*node{},
		outputs: map[string]*expression{}, parameters: stack.Parameters, policies: map[string][]string{},
	}
	var text strings.Builder
	for _, id := range t.ids {
		resource := stack.Resources[id]
		if _, known := schemas[resource.Type]; !known && !custom(resource.Type) {
			return nil, fmt.Errorf("%s: the table of schemas has no such type; run scripts/schemas.mjs %s", resource, resource.Type)
		}
		n := &node{Resource: resource, properties: express(resource.Properties), after: slices.Clone(resource.DependsOn)}
		t.nodes[id] = n
		for _, r := range n.properties.references {
			if r.stack == "" {
				n.after = append(n.after, r.id)
			}
		}
		whole, _ := json.Marshal(resource) // parsed from JSON
		fmt.Fprintf(&text, "%s %s\n", id, whole)
		if isGate(n) {
			t.gate = n
		}
		if n.Type == iamPolicy {
			for _, role := range express(n.Properties["Roles"]).references {
				t.policies[role.id] = append(t.policies[role.id], id)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(stack.Outputs)) {
		t.outputs[name] = express(stack.Outputs[name].Value)
		fmt.Fprintf(&text, "%s %s\n", name, t.outputs[name].text)
	}
	t.text = text.String()
	return t, nil
}

func custom(resourceType string) bool { return strings.HasPrefix(resourceType, "Custom::") }

func isGate(n *node) bool { return n.Type == gate.ResourceType }
