package assembly

import (
	"errors"
	"fmt"
)

// fnIf resolves the branch that an Fn::If chooses.
func (r resolver) fnIf(argument any) (any, error) {
	chosen, err := r.branch(argument)
	if err != nil {
		return nil, err
	}
	return r.resolve(chosen)
}

// branch returns the branch that an Fn::If chooses, unresolved.
func (r resolver) branch(argument any) (any, error) {
	parts, ok := argument.([]any)
	if !ok || len(parts) != 3 {
		return nil, errors.New("want a condition and two values")
	}
	holds, err := r.condition(parts[0])
	if err != nil {
		return nil, err
	}
	if holds {
		return parts[1], nil
	}
	return parts[2], nil
}

// condition evaluates a condition of the template by its name.
func (r resolver) condition(name any) (bool, error) {
	id, isString := name.(string)
	if !isString {
		return false, fmt.Errorf("want the name of a condition, got %s", describe(name))
	}
	expression, known := r.stack.Conditions[id]
	if !known {
		return false, fmt.Errorf("the template has no condition %s", describe(id))
	}
	return r.evaluate(expression)
}

// evaluate evaluates a condition: the name of another one, Fn::Equals, Fn::Not or Fn::Or.
func (r resolver) evaluate(expression any) (bool, error) {
	r, err := r.deeper()
	if err != nil {
		return false, err
	}
	object, _ := expression.(map[string]any)
	if name, is := object["Condition"]; is && len(object) == 1 {
		return r.condition(name)
	}
	name, argument, is := intrinsic(object)
	if !is {
		return false, fmt.Errorf("want a condition, got %s", describe(expression))
	}
	holds, err := r.callCondition(name, argument)
	if err != nil {
		return false, errorAt(name, err)
	}
	return holds, nil
}

// callCondition evaluates a condition function.
func (r resolver) callCondition(name string, argument any) (bool, error) {
	switch name {
	case "Fn::Equals":
		values, err := r.strings(argument)
		if err != nil {
			return false, err
		}
		if len(values) != 2 {
			return false, fmt.Errorf("want two values, got %d", len(values))
		}
		return values[0] == values[1], nil
	case "Fn::Not":
		conditions, ok := argument.([]any)
		if !ok || len(conditions) != 1 {
			return false, fmt.Errorf("want a list of one condition, got %s", describe(argument))
		}
		holds, err := r.evaluate(conditions[0])
		return !holds, err
	case "Fn::Or":
		conditions, ok := argument.([]any)
		if !ok {
			return false, fmt.Errorf("want a list of conditions, got %s", describe(argument))
		}
		return r.anyHolds(conditions)
	}
	return false, errors.New("unknown condition function")
}

// anyHolds reports whether one of the conditions holds.
func (r resolver) anyHolds(conditions []any) (bool, error) {
	for _, condition := range conditions {
		holds, err := r.evaluate(condition)
		if err != nil || holds {
			return holds, err
		}
	}
	return false, nil
}
