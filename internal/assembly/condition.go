package assembly

import (
	"errors"
	"fmt"
)

func (r resolver) choose(argument any) (any, error) {
	chosen, err := r.branch(argument)
	if err != nil {
		return nil, err
	}
	return r.resolve(chosen)
}

// branch is the value that an Fn::If chooses, as it stands in the template.
func (r resolver) branch(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 3 {
		return nil, errors.New("wants a condition and two values")
	}
	holds, err := r.named(parts[0])
	if err != nil {
		return nil, err
	}
	if holds {
		return parts[1], nil
	}
	return parts[2], nil
}

// named evaluates a condition of the template.
func (r resolver) named(condition any) (bool, error) {
	id, isText := condition.(string)
	definition, known := r.stack.Conditions[id]
	if !isText || !known {
		return false, fmt.Errorf("the template has no condition %s", kind(condition))
	}
	return r.holds(definition)
}

// holds evaluates a condition: a named one, or Fn::Equals, Fn::Not, Fn::And, Fn::Or.
func (r resolver) holds(condition any) (bool, error) {
	r, err := r.deeper()
	if err != nil {
		return false, err
	}
	object, _ := condition.(map[string]any)
	if name, is := object["Condition"]; is && len(object) == 1 {
		return r.named(name)
	}
	name, argument, is := intrinsic(object)
	if !is {
		return false, fmt.Errorf("%s is not a condition", kind(condition))
	}
	holds, err := r.logic(name, argument)
	if err != nil {
		return false, inside(name, err)
	}
	return holds, nil
}

func (r resolver) logic(name string, argument any) (bool, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) == 0 {
		return false, errors.New("is not a condition that this version knows")
	}
	switch name {
	case "Fn::Equals":
		both, err := r.texts(argument)
		if err != nil {
			return false, err
		}
		if len(both) != 2 {
			return false, fmt.Errorf("wants two values, not %d", len(both))
		}
		return both[0] == both[1], nil
	case "Fn::Not":
		holds, err := r.holds(parts[0])
		return !holds, err
	case "Fn::And", "Fn::Or":
		return r.combine(parts, name == "Fn::And")
	}
	return false, errors.New("is not a condition that this version knows")
}

// combine is true when all parts are, or with every false when one of them is.
func (r resolver) combine(parts []any, every bool) (bool, error) {
	for _, part := range parts {
		holds, err := r.holds(part)
		if err != nil {
			return false, err
		}
		if holds != every {
			return holds, nil
		}
	}
	return every, nil
}
