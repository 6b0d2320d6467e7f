package assembly

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

func (r resolver) ref(argument any) (any, error) {
	name, ok := argument.(string)
	if !ok {
		return nil, fmt.Errorf("want a name, got %s", describe(argument))
	}
	if resource, known := r.stack.Resources[name]; known {
		return r.answers(resource, "")
	}
	if parameter, known := r.stack.Parameters[name]; known {
		return parameter.value(name)
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
	return nil, fmt.Errorf("the template has no %s", describe(name))
}

// value is what Ref returns for a parameter that the deployment does not set. A value in Parameter Store becomes a
// dynamic reference, as elsewhere in templates.
func (p Parameter) value(name string) (any, error) {
	value, isString := p.Default.(string)
	switch {
	case p.Default == nil:
		return nil, fmt.Errorf("parameter %s has no default", name)
	case isString && strings.HasPrefix(p.Type, "AWS::SSM::Parameter::Value<"):
		return "{{resolve:ssm:" + value + "}}", nil
	case isString && (p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")):
		return split(value, ","), nil
	}
	return p.Default, nil
}

func (r resolver) fnGetAtt(argument any) (any, error) {
	id, path := attributeOf(argument)
	attribute, err := r.string(path)
	if err != nil {
		return nil, err
	}
	resource, known := r.stack.Resources[id]
	if !known || attribute == "" {
		return nil, fmt.Errorf("want a resource of the template and one of its attributes, got %s and %s",
			describe(id), describe(attribute))
	}
	return r.answers(resource, attribute)
}

// attributeOf reads both forms of Fn::GetAtt: ["Id", "Attribute"] and "Id.Attribute". The attribute may be an
// intrinsic.
func attributeOf(argument any) (id string, attribute any) {
	switch a := argument.(type) {
	case string:
		id, attribute, _ := strings.Cut(a, ".")
		return id, attribute
	case []any:
		if len(a) == 2 {
			id, _ = a[0].(string)
			return id, a[1]
		}
	}
	return "", ""
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// fnSub replaces ${Name}, ${Resource.Attribute} and the names of its own map; ${!Name} is a literal ${Name}.
func (r resolver) fnSub(argument any) (any, error) {
	var own map[string]any
	template, ok := argument.(string)
	if parts, isList := argument.([]any); isList && len(parts) == 2 {
		var okMap bool
		template, ok = parts[0].(string)
		own, okMap = parts[1].(map[string]any)
		ok = ok && okMap
	}
	if !ok {
		return nil, errors.New("want a string, or a string and a map")
	}
	var firstErr error
	replaced := placeholder.ReplaceAllStringFunc(template, func(found string) string {
		if firstErr != nil {
			return ""
		}
		var value string
		value, firstErr = r.substitute(found[2:len(found)-1], own)
		return value
	})
	return replaced, firstErr
}

// substitute returns the value of ${name}.
func (r resolver) substitute(name string, own map[string]any) (string, error) {
	if literal, is := strings.CutPrefix(name, "!"); is {
		return "${" + literal + "}", nil
	}
	value := any(map[string]any{"Ref": name})
	if mine, is := own[name]; is {
		value = mine
	} else if strings.Contains(name, ".") {
		value = map[string]any{"Fn::GetAtt": name}
	}
	plain, err := r.string(value)
	if err != nil {
		return "", errorAt("${"+name+"}", err)
	}
	return plain, nil
}
