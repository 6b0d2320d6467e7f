package assembly

import "fmt"

func (r resolver) choose(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 3 {
		return nil, fmt.Errorf("wants a condition and two values")
	}
	holds, err := r.holds(map[string]any{"Condition": parts[0]})
	if err != nil {
		return nil, err
	}
	if holds {
		return r.resolve(parts[1])
	}
	return r.resolve(parts[2])
}

// holds evaluates a condition: a named one, or Fn::Equals, Fn::Not, Fn::And, Fn::Or.
func (r resolver) holds(condition any) (bool, error) {
	if r.depth++; r.depth > deepest {
		return false, fmt.Errorf("conditions nested more than %d deep, or a circle of them", deepest)
	}
	call, _ := condition.(map[string]any)
	name, argument, _ := intrinsic(call)
	if name == "Condition" {
		id, _ := argument.(string)
		named, known := r.stack.Conditions[id]
		if !known {
			return false, fmt.Errorf("the template has no condition %v", argument)
		}
		return r.holds(named)
	}
	parts, ok := argument.([]any)
	if !ok || len(parts) == 0 {
		return false, fmt.Errorf("%v is not a condition", condition)
	}
	switch name {
	case "Fn::Equals":
		if len(parts) != 2 {
			return false, fmt.Errorf("Fn::Equals wants two values")
		}
		both, err := r.texts(argument)
		return err == nil && both[0] == both[1], err
	case "Fn::Not":
		holds, err := r.holds(parts[0])
		return !holds, err
	case "Fn::And", "Fn::Or":
		return r.combine(parts, name == "Fn::And")
	}
	return false, fmt.Errorf("%s is a condition that this version does not know", name)
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
