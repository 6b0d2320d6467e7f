package assembly

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Stack is one CloudFormation stack with its template.
type Stack struct {
	Name    string // what CloudFormation calls it
	ID      string // what `cdk deploy` calls it, such as dev/Data
	File    string // the template's path within the assembly
	Account string // empty unless the synthesis fixed it
	Region  string // empty unless the synthesis fixed it

	Resources  map[string]*Resource // by logical id; none is nil
	Outputs    map[string]Output
	Parameters map[string]Parameter
	Conditions map[string]any
	Mappings   map[string]any
}

// Output is a value that a stack shows to others.
type Output struct {
	Value  any
	Export struct{ Name any } // empty unless it is exported by name
}

// Parameter is a value that a deployment may give.
type Parameter struct {
	Type    string
	Default any
}

// Resource is one resource of a template, as it stands there.
type Resource struct {
	ID    string `json:"-"` // its logical id
	Stack *Stack `json:"-"`

	Type       string
	Condition  string // the name of the condition that it exists under; empty for one that always does
	Properties map[string]any
	DependsOn  Names
	Metadata   map[string]any
}

// Path is the construct that the resource was made by, such as dev/Services/Web/Service/Service. Empty without CDK's metadata.
func (r *Resource) Path() string {
	path, _ := r.Metadata["aws:cdk:path"].(string)
	return path
}

func (r *Resource) String() string {
	return fmt.Sprintf("%s: %s (%s)", r.Stack.Name, r.ID, r.Type)
}

// ParseTemplate reads a template on its own: a stack without name, file, account and region. Its errors say which resource is
// not as CloudFormation wants it.
func ParseTemplate(data []byte) (*Stack, error) {
	var template struct {
		Resources  map[string]json.RawMessage
		Outputs    map[string]Output
		Parameters map[string]Parameter
		Conditions map[string]any
		Mappings   map[string]any
	}
	if err := json.Unmarshal(data, &template); err != nil {
		return nil, fmt.Errorf("not a CloudFormation template: %w", plainly(err))
	}
	stack := &Stack{
		Resources: make(map[string]*Resource, len(template.Resources)), Outputs: template.Outputs,
		Parameters: template.Parameters, Conditions: template.Conditions, Mappings: template.Mappings,
	}
	for _, id := range sortedKeys(template.Resources) {
		var resource *Resource
		if err := json.Unmarshal(template.Resources[id], &resource); err != nil {
			return nil, fmt.Errorf("not a CloudFormation template: resource %s: %w", id, plainly(err))
		}
		if resource == nil {
			return nil, fmt.Errorf("not a CloudFormation template: resource %s is null", id)
		}
		resource.ID, resource.Stack = id, stack
		stack.Resources[id] = resource
	}
	return stack, nil
}

// plainly says what is wrong with a JSON document without the names of Go's types.
func plainly(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s cannot be a JSON %s", first(wrong.Field, "it"), wrong.Value)
	}
	return err
}

// Names is a list that a template may also write as one text.
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
		return errors.New("DependsOn wants a logical id or a list of them")
	}
	return nil
}
