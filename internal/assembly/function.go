package assembly

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

func (r resolver) join(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, errors.New("wants a separator and a list")
	}
	separator, ok := parts[0].(string)
	if !ok {
		return nil, errors.New("the separator is not a text")
	}
	values, err := r.texts(parts[1])
	if err != nil {
		return nil, err
	}
	if err := r.write(len(separator) * len(values)); err != nil {
		return nil, err
	}
	return strings.Join(values, separator), nil
}

func (r resolver) pick(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, errors.New("wants an index and a list")
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
		return nil, fmt.Errorf("wants a list, not %s", kind(list))
	}
	i, isNumber := integer(index)
	if !isNumber || i < 0 || i >= len(values) {
		return nil, fmt.Errorf("has no item %s in a list of %d", kind(index), len(values))
	}
	return values[i], nil
}

func (r resolver) split(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 2 {
		return nil, errors.New("wants a separator and a text")
	}
	separator, ok := parts[0].(string)
	if !ok || separator == "" {
		return nil, errors.New("the separator is not a text")
	}
	whole, err := r.text(parts[1])
	if err != nil {
		return nil, err
	}
	if err := r.spend(strings.Count(whole, separator)); err != nil {
		return nil, err
	}
	return list(whole, separator), nil
}

// list splits a text into a list as templates have them.
func list(whole, separator string) []any {
	var parts []any
	for part := range strings.SplitSeq(whole, separator) {
		parts = append(parts, part)
	}
	return parts
}

func (r resolver) base64(argument any) (any, error) {
	text, err := r.text(argument)
	return base64.StdEncoding.EncodeToString([]byte(text)), err
}

// zones names three zones by the letters that most regions have; which ones an account really sees, only AWS knows.
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
	if len(keys) != 3 {
		return nil, errors.New("wants a mapping and two keys")
	}
	top, _ := r.stack.Mappings[keys[0]].(map[string]any)
	second, _ := top[keys[1]].(map[string]any)
	value, found := second[keys[2]]
	if !found {
		return nil, fmt.Errorf("the template's mappings have no %s", strings.Join(keys, " / "))
	}
	return value, nil
}
