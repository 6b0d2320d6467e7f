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
	outputs               map[string]*expression
	parameters            map[string]assembly.Parameter
	terminationProtection bool
	gated                 bool                // a migration gate is part of it
	container             string              // in which the gate runs the app
	policies              map[string][]string // logical id of a role -> those of its policies
}

// node is a resource of a template.
type node struct {
	*assembly.Resource
	properties *expression
	after      []string // logical ids that must exist first
}

// expression is a value of a template and the distinct references in it.
type expression struct {
	value      any
	text       string
	references []reference
	index      map[reference]int
}

// reference is a Ref or an Fn::GetAtt, or an Fn::GetStackOutput if it names a stack.
type reference struct {
	stack     string
	id        string // of a resource or a parameter; an output's name
	attribute string // empty for Ref
}

// compile prepares a template.
func compile(stack *assembly.Stack) (*template, error) {
	t := &template{
		name: stack.Name, nodes: map[string]*node{}, outputs: map[string]*expression{}, parameters: stack.Parameters,
		policies: map[string][]string{},
	}
	var text strings.Builder
	for _, id := range slices.Sorted(maps.Keys(stack.Resources)) {
		resource := stack.Resources[id]
		if _, known := schemas[resource.Type]; !known && !custom(resource.Type) {
			return nil, fmt.Errorf("%s: the table has no type %s; run scripts/schemas.mjs %s", resource, resource.Type, resource.Type)
		}
		n := &node{Resource: resource, properties: express(resource.Properties)}
		t.nodes[id] = n
		if isGate(n) {
			t.gated = true
			t.container, _ = n.Properties[gate.PropertyContainer].(string)
		}
		if n.Type == iamPolicy {
			for _, role := range express(n.Properties["Roles"]).references {
				t.policies[role.id] = append(t.policies[role.id], id)
			}
		}
		whole, _ := json.Marshal(resource) // parsed from JSON
		text.WriteString(id)
		text.Write(whole)
	}
	for _, n := range t.nodes {
		n.after = slices.DeleteFunc(slices.Clone(n.DependsOn), func(id string) bool { return t.nodes[id] == nil })
		for _, reference := range n.properties.references {
			if reference.stack == "" && t.nodes[reference.id] != nil && !slices.Contains(n.after, reference.id) {
				n.after = append(n.after, reference.id)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(stack.Outputs)) {
		t.outputs[name] = express(stack.Outputs[name].Value)
		text.WriteString(name + t.outputs[name].text)
	}
	t.text = text.String()
	return t, nil
}

func custom(resourceType string) bool { return strings.HasPrefix(resourceType, "Custom::") }

// express collects the references in a value.
func express(value any) *expression {
	text, _ := json.Marshal(value) // parsed from JSON
	e := &expression{value: value, text: string(text), index: map[reference]int{}}
	e.collect(value)
	return e
}

func (e *expression) collect(value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			e.collect(item)
		}
	case map[string]any:
		if found, is := referenceOf(v); is {
			e.add(found)
			return
		}
		if text, is := v["Fn::Sub"]; is && len(v) == 1 {
			e.collectSub(text)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			e.collect(v[key])
		}
	}
}

func (e *expression) add(r reference) {
	if _, known := e.index[r]; !known && !strings.HasPrefix(r.id, "AWS::") {
		e.index[r] = len(e.references)
		e.references = append(e.references, r)
	}
}

// collectSub collects the placeholders of an Fn::Sub, in either of its forms.
func (e *expression) collectSub(argument any) {
	text, own := subParts(argument)
	e.collect(own)
	for _, found := range placeholder.FindAllString(text, -1) {
		if r, is := placeholderReference(found); is && own[r.id] == nil {
			e.add(r)
		}
	}
}

// referenceOf reads a Ref, an Fn::GetAtt or an Fn::GetStackOutput.
func referenceOf(call map[string]any) (r reference, is bool) {
	if len(call) != 1 {
		return r, false
	}
	if id, is := call["Ref"].(string); is {
		return reference{id: id}, true
	}
	switch argument := call["Fn::GetAtt"].(type) {
	case string:
		id, attribute, _ := strings.Cut(argument, ".")
		return reference{id: id, attribute: attribute}, true
	case []any:
		return reference{id: fmt.Sprint(argument[0]), attribute: fmt.Sprint(argument[1])}, true
	}
	if output, is := call["Fn::GetStackOutput"].(map[string]any); is {
		return reference{stack: fmt.Sprint(output["StackName"]), id: fmt.Sprint(output["OutputName"])}, true
	}
	return r, false
}
