package assembly

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

func (r resolver) fnJoin(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, errors.New("want a separator and a list")
	}
	separator, ok := parts[0].(string)
	if !ok {
		return nil, fmt.Errorf("want a string as separator, got %s", describe(parts[0]))
	}
	values, err := r.strings(parts[1])
	if err != nil {
		return nil, err
	}
	return strings.Join(values, separator), nil
}

func (r resolver) fnSelect(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, errors.New("want an index and a list")
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
	if !isList {
		return nil, fmt.Errorf("want a list, got %s", describe(list))
	}
	i, isNumber := integer(index)
	if !isNumber || i < 0 || i >= len(values) {
		return nil, fmt.Errorf("want an index into a list of %d, got %s", len(values), describe(index))
	}
	return values[i], nil
}

func (r resolver) fnSplit(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, errors.New("want a separator and a string")
	}
	separator, ok := parts[0].(string)
	if !ok || separator == "" {
		return nil, fmt.Errorf("want a string as separator, got %s", describe(parts[0]))
	}
	whole, err := r.string(parts[1])
	if err != nil {
		return nil, err
	}
	return split(whole, separator), nil
}

// split splits a string into a list as JSON has it.
func split(whole, separator string) []any {
	var parts []any
	for part := range strings.SplitSeq(whole, separator) {
		parts = append(parts, part)
	}
	return parts
}

func (r resolver) fnBase64(argument any) (any, error) {
	plain, err := r.string(argument)
	return base64.StdEncoding.EncodeToString([]byte(plain)), err
}

// fnGetAZs names three zones by the letters that most regions have: only AWS knows which zones an account has.
func (r resolver) fnGetAZs(argument any) (any, error) {
	region, err := r.string(argument)
	if err == nil && region == "" {
		region, err = r.string(map[string]any{"Ref": "AWS::Region"})
	}
	return []any{region + "a", region + "b", region + "c"}, err
}

func (r resolver) fnFindInMap(argument any) (any, error) {
	keys, err := r.strings(argument)
	if err != nil {
		return nil, err
	}
	if len(keys) != 3 {
		return nil, fmt.Errorf("want the name of a mapping and two keys, got a list of %d", len(keys))
	}
	top, _ := r.stack.Mappings[keys[0]].(map[string]any)
	second, _ := top[keys[1]].(map[string]any)
	value, found := second[keys[2]]
	if !found {
		return nil, fmt.Errorf("the template's mappings have no %s", strings.Join(keys, " / "))
	}
	return value, nil
}
