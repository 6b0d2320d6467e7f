package assembly

import (
	"fmt"
	"regexp"
	"strings"
)

func (r resolver) ref(argument any) (any, error) {
	name, ok := argument.(string)
	if !ok {
		return nil, fmt.Errorf("Ref wants a name, not %T", argument)
	}
	if resource, known := r.stack.Resources[name]; known {
		return r.answers(resource, "")
	}
	if parameter, known := r.stack.Parameters[name]; known {
		if parameter.Default == nil {
			return nil, fmt.Errorf("parameter %s has no default", name)
		}
		return parameter.Default, nil
	}
	switch {
	case name == "AWS::NoValue":
		return noValue{}, nil
	case name == "AWS::StackName":
		return r.stack.Name, nil
	case name == "AWS::Region" && r.stack.Region != "":
		return r.stack.Region, nil
	case name == "AWS::AccountId" && r.stack.Account != "":
		return r.stack.Account, nil
	case strings.HasPrefix(name, "AWS::"):
		return r.answers(nil, name)
	}
	return nil, fmt.Errorf("Ref to %s, which the template does not have", name)
}

func (r resolver) getAtt(argument any) (any, error) {
	id, attribute := attributeOf(argument)
	resource, known := r.stack.Resources[id]
	if !known {
		return nil, fmt.Errorf("%v: the template has no such resource", argument)
	}
	return r.answers(resource, attribute)
}

// attributeOf reads both forms of Fn::GetAtt: ["Id", "Attribute"] and "Id.Attribute".
func attributeOf(argument any) (id, attribute string) {
	switch a := argument.(type) {
	case string:
		id, attribute, _ = strings.Cut(a, ".")
	case []any:
		if len(a) == 2 {
			id, _ = a[0].(string)
			attribute, _ = a[1].(string)
		}
	}
	return id, attribute
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// sub replaces ${Name}, ${Resource.Attribute} and the names of its own map; ${!Name} stands for ${Name} itself.
func (r resolver) sub(argument any) (any, error) {
	var own map[string]any
	text, isText := argument.(string)
	if parts, ok := argument.([]any); ok && len(parts) == 2 {
		text, isText = parts[0].(string)
		own, _ = parts[1].(map[string]any)
	}
	if !isText {
		return nil, fmt.Errorf("wants a text, and may have a map")
	}
	var failed error
	replaced := placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-1]
		if literal, is := strings.CutPrefix(name, "!"); is {
			return "${" + literal + "}"
		}
		value := any(map[string]any{"Ref": name})
		if mine, is := own[name]; is {
			value = mine
		} else if strings.Contains(name, ".") {
			value = map[string]any{"Fn::GetAtt": name}
		}
		plain, err := r.text(value)
		if err != nil && failed == nil {
			failed = err
		}
		return plain
	})
	return replaced, failed
}

// stackOutput reads a weak reference: the other stack's output, found by the names in the template.
func (r resolver) stackOutput(argument any) (any, error) {
	other, output, err := r.output(argument)
	if err != nil {
		return nil, err
	}
	r.stack = other
	return r.resolve(output.Value)
}

func (r resolver) output(argument any) (*Stack, Output, error) {
	names, _ := argument.(map[string]any)
	stackName, err := r.text(names["StackName"])
	if err != nil {
		return nil, Output{}, err
	}
	outputName, err := r.text(names["OutputName"])
	if err != nil {
		return nil, Output{}, err
	}
	other := r.environment.stack(stackName)
	if other == nil {
		return nil, Output{}, fmt.Errorf("the environment has no stack %q", stackName)
	}
	output, known := other.Outputs[outputName]
	if !known {
		return nil, Output{}, fmt.Errorf("stack %s has no output %q", stackName, outputName)
	}
	return other, output, nil
}

// importValue reads a strong reference: the output that some stack exports under the name.
func (r resolver) importValue(argument any) (any, error) {
	other, output, err := r.export(argument)
	if err != nil {
		return nil, err
	}
	r.stack = other
	return r.resolve(output.Value)
}

func (r resolver) export(argument any) (*Stack, Output, error) {
	name, err := r.text(argument)
	if err != nil {
		return nil, Output{}, err
	}
	for _, stack := range r.environment.Stacks {
		for _, id := range sortedKeys(stack.Outputs) {
			output := stack.Outputs[id]
			if output.Export.Name == nil {
				continue
			}
			there := r
			there.stack = stack
			if exported, err := there.text(output.Export.Name); err == nil && exported == name {
				return stack, output, nil
			}
		}
	}
	return nil, Output{}, fmt.Errorf("no stack exports %q", name)
}

// Follow finds the resource, and the attribute of it, that a value of this resource's template points at: through Ref,
// Fn::GetAtt, and outputs of other stacks. It is nil for every other value.
func (e *Environment) Follow(from *Resource, value any) (resource *Resource, attribute string) {
	r := resolver{environment: e, stack: from.Stack, answers: Symbolic}
	for range deepest {
		call, _ := value.(map[string]any)
		name, argument, is := intrinsic(call)
		if !is {
			return nil, ""
		}
		var output Output
		var err error
		switch name {
		case "Ref":
			id, _ := argument.(string)
			return r.stack.Resources[id], ""
		case "Fn::GetAtt":
			id, attribute := attributeOf(argument)
			return r.stack.Resources[id], attribute
		case "Fn::GetStackOutput":
			r.stack, output, err = r.output(argument)
		case "Fn::ImportValue":
			r.stack, output, err = r.export(argument)
		default:
			return nil, ""
		}
		if err != nil {
			return nil, ""
		}
		value = output.Value
	}
	return nil, ""
}
