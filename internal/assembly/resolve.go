package assembly

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Answers gives what only a deployment knows: the value of a resource's attribute, or with an empty attribute what Ref gives
// for it. Resource is nil for a pseudo parameter, whose name is the attribute, such as "AWS::Region".
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

// deepest bounds nesting and chains of outputs: a circle between two stacks is an error, not a hang.
const deepest = 200

// resolver turns the values of one stack into plain ones.
type resolver struct {
	environment *Environment
	stack       *Stack
	answers     Answers
	depth       int
}

// noValue is what AWS::NoValue stands for: the property does not exist.
type noValue struct{}

// resolve gives text, number, bool, list or map; an object with a single key that looks like an intrinsic is one.
func (r resolver) resolve(value any) (any, error) {
	if r.depth++; r.depth > deepest {
		return nil, fmt.Errorf("nested more than %d deep, or a circle of references", deepest)
	}
	switch v := value.(type) {
	case []any:
		return r.list(v)
	case map[string]any:
		if name, argument, is := intrinsic(v); is {
			return r.intrinsic(name, argument)
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
			return nil, fmt.Errorf("[%d]: %w", i, err)
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
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if _, absent := item.(noValue); !absent {
			resolved[key] = item
		}
	}
	return resolved, nil
}

// intrinsic says whether an object is a call of a function, and of which.
func intrinsic(value map[string]any) (name string, argument any, is bool) {
	if len(value) != 1 {
		return "", nil, false
	}
	for name, argument = range value {
		is = name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::")
	}
	return name, argument, is
}

func (r resolver) intrinsic(name string, argument any) (any, error) {
	function, known := map[string]func(any) (any, error){
		"Ref": r.ref, "Fn::GetAtt": r.getAtt, "Fn::Sub": r.sub, "Fn::Join": r.join, "Fn::Select": r.pick, "Fn::Split": r.split,
		"Fn::If": r.choose, "Fn::FindInMap": r.findInMap, "Fn::Base64": r.base64, "Fn::GetAZs": r.zones,
		"Fn::GetStackOutput": r.stackOutput, "Fn::ImportValue": r.importValue,
	}[name]
	if !known {
		return nil, fmt.Errorf("%s is an intrinsic function that this version does not know", name)
	}
	value, err := function(argument)
	if err != nil && name != "Ref" {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return value, err
}

func (r resolver) join(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, fmt.Errorf("wants a separator and a list")
	}
	separator, ok := parts[0].(string)
	if !ok {
		return nil, fmt.Errorf("the separator is not a text")
	}
	values, err := r.texts(parts[1])
	return strings.Join(values, separator), err
}

func (r resolver) pick(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, fmt.Errorf("wants an index and a list")
	}
	index, err := r.resolve(parts[0])
	if err != nil {
		return nil, err
	}
	list, err := r.resolve(parts[1])
	if err != nil {
		return nil, err
	}
	values, isList := list.([]any)
	i, isNumber := integer(index)
	if !isList || !isNumber || i < 0 || i >= len(values) {
		return nil, fmt.Errorf("item %v of a list of %d", index, len(values))
	}
	return values[i], nil
}

func (r resolver) split(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, fmt.Errorf("wants a separator and a text")
	}
	separator, ok := parts[0].(string)
	if !ok || separator == "" {
		return nil, fmt.Errorf("the separator is not a text")
	}
	whole, err := r.text(parts[1])
	if err != nil {
		return nil, err
	}
	var list []any
	for part := range strings.SplitSeq(whole, separator) {
		list = append(list, part)
	}
	return list, nil
}

func (r resolver) base64(argument any) (any, error) {
	text, err := r.text(argument)
	return base64.StdEncoding.EncodeToString([]byte(text)), err
}

func (r resolver) zones(argument any) (any, error) {
	region, err := r.text(argument)
	if err == nil && region == "" {
		region, err = r.text(map[string]any{"Ref": "AWS::Region"})
	}
	return []any{region + "a", region + "b", region + "c"}, err
}

func (r resolver) findInMap(argument any) (any, error) {
	keys, err := r.texts(argument)
	if err != nil {
		return nil, err
	}
	if len(keys) < 3 {
		return nil, fmt.Errorf("wants a mapping and two keys")
	}
	top, _ := r.stack.Mappings[keys[0]].(map[string]any)
	second, _ := top[keys[1]].(map[string]any)
	value, found := second[keys[2]]
	if !found {
		return nil, fmt.Errorf("no %s in the template's mappings", strings.Join(keys[:3], " / "))
	}
	return value, nil
}

// text resolves a value that has to be a text; numbers and truth values are written out, as CloudFormation does.
func (r resolver) text(value any) (string, error) {
	resolved, err := r.resolve(value)
	if err != nil {
		return "", err
	}
	return asText(resolved)
}

func (r resolver) texts(value any) ([]string, error) {
	resolved, err := r.resolve(value)
	if err != nil {
		return nil, err
	}
	list, ok := resolved.([]any)
	if !ok {
		return nil, fmt.Errorf("wants a list, not %T", resolved)
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], err = asText(item); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return texts, nil
}
