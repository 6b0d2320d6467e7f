package assembly

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// Stack is one CloudFormation stack with its template.
type Stack struct {
	Name    string // in CloudFormation
	ID      string // in `cdk deploy`, such as dev/Data
	File    string // the template's path within the assembly
	Account string // empty unless the synthesis has fixed it
	Region  string // empty unless the synthesis has fixed it

	TerminationProtection bool

	Resources  map[string]*Resource // by logical id
	Outputs    map[string]Output
	Parameters map[string]Parameter
	Conditions map[string]any
	Mappings   map[string]any
}

// Output is a value that other stacks can read.
type Output struct {
	Value  any
	Export struct{ Name any } // under which other stacks may import it; nothing for an output that is not exported
}

// Parameter is a value that a deployment may set.
type Parameter struct {
	Type    string
	Default any
}

// Resource is one resource of a template, unresolved.
type Resource struct {
	ID    string `json:"-"` // its logical id
	Stack *Stack `json:"-"`

	Type                string
	Condition           string // name of the condition on which it exists; empty if it always exists
	Properties          map[string]any
	DependsOn           Names
	DeletionPolicy      string // Delete, Retain, RetainExceptOnCreate or Snapshot; empty is CloudFormation's default
	UpdateReplacePolicy string // the same, for the old resource after a replacement
	Metadata            map[string]any
}

// Path returns the path of the construct that created the resource, such as dev/Services/Web/Service/Service, and ""
// without CDK's metadata.
func (r *Resource) Path() string {
	path, _ := r.Metadata["aws:cdk:path"].(string)
	return path
}

// String returns "stack: logical id (type)".
func (r *Resource) String() string {
	return fmt.Sprintf("%s: %s (%s)", r.Stack.Name, r.ID, r.Type)
}

// ParseTemplate reads a single template: a stack without name, file, account and region. Its errors say which resource
// CloudFormation would reject.
func ParseTemplate(data []byte) (*Stack, error) {
	var template struct {
		Resources  map[string]json.RawMessage
		Outputs    map[string]Output
		Parameters map[string]Parameter
		Conditions map[string]any
		Mappings   map[string]any
	}
	if err := json.Unmarshal(data, &template); err != nil {
		return nil, fmt.Errorf("not a CloudFormation template: %w", withoutGoTypes(err))
	}
	stack := &Stack{
		Resources:  make(map[string]*Resource, len(template.Resources)),
		Outputs:    template.Outputs,
		Parameters: template.Parameters,
		Conditions: template.Conditions,
		Mappings:   template.Mappings,
	}
	for _, id := range sortedKeys(template.Resources) {
		var resource *Resource
		if err := json.Unmarshal(template.Resources[id], &resource); err != nil {
			return nil, fmt.Errorf("not a CloudFormation template: resource %s: %w", id, withoutGoTypes(err))
		}
		if resource == nil {
			return nil, fmt.Errorf("not a CloudFormation template: resource %s is null", id)
		}
		resource.ID, resource.Stack = id, stack
		stack.Resources[id] = resource
	}
	return stack, nil
}

// withoutGoTypes describes an error in a JSON document without the names of Go's types.
func withoutGoTypes(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s cannot be a JSON %s", cmp.Or(wrong.Field, "it"), wrong.Value)
	}
	return err
}

// Names is a list of strings. A template may also write a list of one as a string.
type Names []string

// UnmarshalJSON reads either form.
func (n *Names) UnmarshalJSON(data []byte) error {
	var one *string
	if json.Unmarshal(data, &one) == nil {
		if one != nil {
			*n = Names{*one}
		}
		return nil
	}
	if err := json.Unmarshal(data, (*[]string)(n)); err != nil {
		return errors.New("DependsOn must be a logical id or a list of them")
	}
	return nil
}
