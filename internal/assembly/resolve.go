package assembly

import (
	"errors"
	"fmt"
	"strings"
)

// Answers returns what only a deployment knows: the value of a resource's attribute, or what Ref gives for the resource
// if the attribute is empty. For a pseudo parameter, the resource is nil and the attribute is its name, such as
// "AWS::Region". The value is a string, a number, a bool or a []any of them.
type Answers func(resource *Resource, attribute string) (any, error)

// Symbolic answers with names instead of values: ${STACK.RESOURCE} or ${STACK.RESOURCE.ATTRIBUTE}, and ${AWS::Region}.
func Symbolic(resource *Resource, attribute string) (any, error) {
	switch {
	case resource == nil:
		return "${" + attribute + "}", nil
	case attribute == "":
		return "${" + resource.Stack.Name + "." + resource.ID + "}", nil
	}
	return "${" + resource.Stack.Name + "." + resource.ID + "." + attribute + "}", nil
}

// maxDepth limits how deep values are nested, including the steps from output to output: outputs that point at each
// other in a circle would never end.
const maxDepth = 200

var errTooDeep = errors.New("nested more than 200 deep, or a circle of references")

// resolver turns the values of one stack into plain ones.
type resolver struct {
	environment *Environment
	stack       *Stack
	answers     Answers
	depth       int
}

// deeper returns the resolver for the next level of nesting.
func (r resolver) deeper() (resolver, error) {
	if r.depth++; r.depth > maxDepth {
		return r, errTooDeep
	}
	return r, nil
}

// noValue is what AWS::NoValue resolves to: the property does not exist.
type noValue struct{}

// resolve returns a plain value: a string, number, bool, list or map. It calls every intrinsic function in it.
func (r resolver) resolve(value any) (any, error) {
	r, err := r.deeper()
	if err != nil {
		return nil, err
	}
	switch v := value.(type) {
	case []any:
		return r.list(v)
	case map[string]any:
		if name, argument, is := intrinsic(v); is {
			return r.call(name, argument)
		}
		return r.object(v)
	}
	return value, nil
}

func (r resolver) list(values []any) (any, error) {
	resolved := make([]any, 0, len(values))
	for i, value := range values {
		item, err := r.resolve(value)
		if err != nil {
			return nil, errorAt(fmt.Sprintf("[%d]", i), err)
		}
		if _, absent := item.(noValue); !absent {
			resolved = append(resolved, item)
		}
	}
	return resolved, nil
}

func (r resolver) object(values map[string]any) (any, error) {
	resolved := make(map[string]any, len(values))
	for _, key := range sortedKeys(values) {
		item, err := r.resolve(values[key])
		if err != nil {
			return nil, errorAt(key, err)
		}
		if _, absent := item.(noValue); !absent {
			resolved[key] = item
		}
	}
	return resolved, nil
}

// errorAt adds the place to an error. The places of errTooDeep would only repeat the nesting.
func errorAt(place string, err error) error {
	if errors.Is(err, errTooDeep) {
		return err
	}
	return fmt.Errorf("%s: %w", place, err)
}

// intrinsic reports whether an object is a call of an intrinsic function, and returns its name and its argument.
func intrinsic(value map[string]any) (name string, argument any, is bool) {
	if len(value) != 1 {
		return "", nil, false
	}
	for name, argument = range value {
		is = name == "Ref" || strings.HasPrefix(name, "Fn::")
	}
	return name, argument, is
}

// call calls an intrinsic function. These are the functions that CDK renders for Dozen's stacks.
func (r resolver) call(name string, argument any) (any, error) {
	function, known := map[string]func(any) (any, error){
		"Ref":                r.ref,
		"Fn::Base64":         r.fnBase64,
		"Fn::FindInMap":      r.fnFindInMap,
		"Fn::GetAZs":         r.fnGetAZs,
		"Fn::GetAtt":         r.fnGetAtt,
		"Fn::GetStackOutput": r.fnGetStackOutput,
		"Fn::If":             r.fnIf,
		"Fn::Join":           r.fnJoin,
		"Fn::Select":         r.fnSelect,
		"Fn::Split":          r.fnSplit,
		"Fn::Sub":            r.fnSub,
	}[name]
	if !known {
		return nil, fmt.Errorf("unknown intrinsic function %s", name)
	}
	value, err := function(argument)
	if err != nil {
		return nil, errorAt(name, err)
	}
	return value, nil
}

// string resolves a value that must be a string. Numbers and bools are written out, as CloudFormation does.
func (r resolver) string(value any) (string, error) {
	resolved, err := r.resolve(value)
	if err != nil {
		return "", err
	}
	return asString(resolved)
}

func (r resolver) strings(value any) ([]string, error) {
	resolved, err := r.resolve(value)
	if err != nil {
		return nil, err
	}
	list, ok := resolved.([]any)
	if !ok {
		return nil, fmt.Errorf("want a list, got %s", describe(resolved))
	}
	all := make([]string, len(list))
	for i, item := range list {
		if all[i], err = asString(item); err != nil {
			return nil, errorAt(fmt.Sprintf("[%d]", i), err)
		}
	}
	return all, nil
}
