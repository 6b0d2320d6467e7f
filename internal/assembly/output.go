package assembly

import "fmt"

// fnGetStackOutput resolves a weak reference: an output of another stack, by the names in the template.
func (r resolver) fnGetStackOutput(argument any) (any, error) {
	stack, value, err := r.output(argument)
	if err != nil {
		return nil, err
	}
	r.stack = stack
	return r.resolve(value)
}

// output returns the stack and the unresolved value of the output that an Fn::GetStackOutput names.
func (r resolver) output(argument any) (*Stack, any, error) {
	names, _ := argument.(map[string]any)
	stackName, err := r.string(names["StackName"])
	if err != nil {
		return nil, nil, errorAt("StackName", err)
	}
	outputName, err := r.string(names["OutputName"])
	if err != nil {
		return nil, nil, errorAt("OutputName", err)
	}
	stack := r.environment.stack(stackName)
	if stack == nil {
		return nil, nil, fmt.Errorf("the environment has no stack %s", describe(stackName))
	}
	output, known := stack.Outputs[outputName]
	if !known || output.Value == nil {
		return nil, nil, fmt.Errorf("stack %s has no output %s with a value", stackName, describe(outputName))
	}
	return stack, output.Value, nil
}

// Follow returns the resource, and its attribute, to which a value in this resource's template points: through Ref,
// Fn::GetAtt and the outputs of other stacks. It returns nil for any other value.
func (e *Environment) Follow(from *Resource, value any) (resource *Resource, attribute string) {
	r := resolver{environment: e, stack: from.Stack, answers: Symbolic}
	for range maxDepth {
		call, _ := value.(map[string]any)
		name, argument, _ := intrinsic(call)
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
			var err error
			if r.stack, value, err = r.output(argument); err != nil {
				return nil, ""
			}
		default:
			return nil, ""
		}
	}
	return nil, ""
}
