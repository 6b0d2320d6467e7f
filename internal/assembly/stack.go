package assembly

import (
	"encoding/json"
	"fmt"
)

// Stack is one CloudFormation stack with its template.
type Stack struct {
	Name    string `json:"-"` // what CloudFormation calls it
	ID      string `json:"-"` // what `cdk deploy` calls it, such as dev/Data
	File    string `json:"-"` // the template's path within the assembly
	Account string `json:"-"` // empty unless the synthesis fixed it
	Region  string `json:"-"` // empty unless the synthesis fixed it

	Resources  map[string]*Resource
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

// Names is a list that a template may also write as one text.
type Names []string

// UnmarshalJSON reads either form.
func (n *Names) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*n = Names{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(n))
}
