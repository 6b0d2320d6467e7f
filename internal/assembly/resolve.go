package assembly

import (
	"fmt"
	"strings"
)

// Answers gives what only a deployment knows: the value of a resource's attribute, or with an empty attribute what Ref gives
// for it. Resource is nil for a pseudo parameter, whose name is the attribute, such as "AWS::Region". A value is a text, a
// number, a truth value or a []any of them.
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

// resolver turns the values of one stack into plain ones.
type resolver struct {
	environment *Environment
	stack       *Stack
	answers     Answers
	depth       int
	work        *int // left to all that share it
}

func newResolver(environment *Environment, stack *Stack, answers Answers) resolver {
	work := mostWork
	return resolver{environment: environment, stack: stack, answers: answers, work: &work}
}

// noValue is what AWS::NoValue stands for: the property does not exist.
type noValue struct{}

// resolve gives text, number, bool, list or map; an object with a single key that looks like an intrinsic is one.
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
			return nil, inside(fmt.Sprintf("[%d]", i), err)
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
			return nil, inside(key, err)
		}
		if _, absent := item.(noValue); !absent {
			resolved[key] = item
		}
	}
	return resolved, nil
}

// inside says where an error was met.
func inside(place string, err error) error {
	if limited(err) {
		return err
	}
	return fmt.Errorf("%s: %w", place, err)
}

// intrinsic says whether an object is a call of a function, and of which.
func intrinsic(value map[string]any) (name string, argument any, is bool) {
	if len(value) != 1 {
		return "", nil, false
	}
	for name, argument = range value {
		is = name == "Ref" || strings.HasPrefix(name, "Fn::")
	}
	return name, argument, is
}

func (r resolver) call(name string, argument any) (any, error) {
	function, known := map[string]func(any) (any, error){
		"Ref": r.ref, "Fn::GetAtt": r.getAtt, "Fn::Sub": r.sub, "Fn::Join": r.join, "Fn::Select": r.pick, "Fn::Split": r.split,
		"Fn::If": r.choose, "Fn::FindInMap": r.findInMap, "Fn::Base64": r.base64, "Fn::GetAZs": r.zones,
		"Fn::GetStackOutput": r.stackOutput, "Fn::ImportValue": r.importValue,
	}[name]
	if !known {
		return nil, fmt.Errorf("%s is an intrinsic function that this version does not know", name)
	}
	value, err := function(argument)
	if err != nil {
		return nil, inside(name, err)
	}
	return value, nil
}

// text resolves a value that has to be a text; numbers and truth values are written out, as CloudFormation does.
func (r resolver) text(value any) (string, error) {
	resolved, err := r.resolve(value)
	if err != nil {
		return "", err
	}
	text, err := asText(resolved)
	if err != nil {
		return "", err
	}
	return text, r.write(len(text))
}

func (r resolver) texts(value any) ([]string, error) {
	resolved, err := r.resolve(value)
	if err != nil {
		return nil, err
	}
	list, ok := resolved.([]any)
	if !ok {
		return nil, fmt.Errorf("wants a list, not %s", kind(resolved))
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], err = asText(item); err != nil {
			return nil, inside(fmt.Sprintf("[%d]", i), err)
		}
		if err := r.write(len(texts[i])); err != nil {
			return nil, err
		}
	}
	return texts, nil
}
