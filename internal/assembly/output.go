package assembly

import "fmt"

// stackOutput reads a weak reference: the other stack's output, found by the names in the template.
func (r resolver) stackOutput(argument any) (any, error) {
	other, output, err := r.output(argument)
	if err != nil {
		return nil, err
	}
	r.stack = other
	return r.resolve(output)
}

// output finds the stack and the value of the output that an Fn::GetStackOutput names.
func (r resolver) output(argument any) (*Stack, any, error) {
	names, _ := argument.(map[string]any)
	stackName, err := r.text(names["StackName"])
	if err != nil {
		return nil, nil, inside("StackName", err)
	}
	outputName, err := r.text(names["OutputName"])
	if err != nil {
		return nil, nil, inside("OutputName", err)
	}
	other := r.environment.stack(stackName)
	if other == nil {
		return nil, nil, fmt.Errorf("the environment has no stack %s", kind(stackName))
	}
	output, known := other.Outputs[outputName]
	if !known || output.Value == nil {
		return nil, nil, fmt.Errorf("stack %s has no output %s with a value", stackName, kind(outputName))
	}
	return other, output.Value, nil
}

// importValue reads a strong reference: the output that some stack exports under the name.
func (r resolver) importValue(argument any) (any, error) {
	other, output, err := r.export(argument)
	if err != nil {
		return nil, err
	}
	r.stack = other
	return r.resolve(output)
}

// export finds the stack and the value of the output that is exported under a name. Names are often computed; one that cannot
// be is no match.
func (r resolver) export(argument any) (*Stack, any, error) {
	name, err := r.text(argument)
	if err != nil {
		return nil, nil, err
	}
	for _, stack := range r.environment.Stacks {
		if err := r.spend(len(stack.Outputs)); err != nil {
			return nil, nil, err
		}
		there := r
		there.stack = stack
		for _, id := range sortedKeys(stack.Outputs) {
			output := stack.Outputs[id]
			if output.Value == nil || output.Export.Name == nil {
				continue
			}
			exported, err := there.text(output.Export.Name)
			if err == nil && exported == name {
				return stack, output.Value, nil
			}
			if limited(err) {
				return nil, nil, err
			}
		}
	}
	return nil, nil, fmt.Errorf("no stack exports %s", kind(name))
}

// Follow finds the resource, and the attribute of it, that a value of this resource's template points at: through Ref,
// Fn::GetAtt, and outputs of other stacks. It is nil for every other value.
func (e *Environment) Follow(from *Resource, value any) (resource *Resource, attribute string) {
	r := newResolver(e, from.Stack, Symbolic)
	for range deepest {
		call, _ := value.(map[string]any)
		name, argument, _ := intrinsic(call)
		var err error
		switch name {
		case "Ref":
			id, _ := argument.(string)
			return r.stack.Resources[id], ""
		case "Fn::GetAtt":
			id, attribute := attributeOf(argument)
			if name, _ := attribute.(string); name != "" {
				return r.stack.Resources[id], name
			}
			return nil, ""
		case "Fn::GetStackOutput":
			r.stack, value, err = r.output(argument)
		case "Fn::ImportValue":
			r.stack, value, err = r.export(argument)
		default:
			return nil, ""
		}
		if err != nil {
			return nil, ""
		}
	}
	return nil, ""
}
