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
		return nil, fmt.Errorf("wants a name, not %s", kind(argument))
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
	return nil, fmt.Errorf("the template has no %s", kind(name))
}

// value is what Ref gives for a parameter that the deployment does not set. One that is kept in Parameter Store is written as
// a dynamic reference, as templates write it elsewhere.
func (p Parameter) value(name string) (any, error) {
	text, isText := p.Default.(string)
	switch {
	case p.Default == nil:
		return nil, fmt.Errorf("parameter %s has no default", name)
	case isText && strings.HasPrefix(p.Type, "AWS::SSM::Parameter::Value<"):
		return "{{resolve:ssm:" + text + "}}", nil
	case isText && (p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")):
		return list(text, ","), nil
	}
	return p.Default, nil
}

func (r resolver) getAtt(argument any) (any, error) {
	id, path := attributeOf(argument)
	attribute, err := r.text(path)
	if err != nil {
		return nil, err
	}
	resource, known := r.stack.Resources[id]
	if !known || attribute == "" {
		return nil, fmt.Errorf("wants a resource of the template and an attribute of it, not %s and %s", kind(id), kind(attribute))
	}
	return r.answers(resource, attribute)
}

// attributeOf reads both forms of Fn::GetAtt: ["Id", "Attribute"] and "Id.Attribute". The attribute may be an intrinsic itself.
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

// sub replaces ${Name}, ${Resource.Attribute} and the names of its own map; ${!Name} stands for ${Name} itself.
func (r resolver) sub(argument any) (any, error) {
	var own map[string]any
	text, isText := argument.(string)
	if parts, ok := argument.([]any); ok && len(parts) == 2 {
		text, isText = parts[0].(string)
		own, ok = parts[1].(map[string]any)
		isText = isText && ok
	}
	if !isText {
		return nil, errors.New("wants a text, or a text and a map")
	}
	if err := r.write(len(text)); err != nil {
		return nil, err
	}
	var failed error
	replaced := placeholder.ReplaceAllStringFunc(text, func(found string) string {
		if failed != nil {
			return ""
		}
		var plain string
		plain, failed = r.substitute(found[2:len(found)-1], own)
		return plain
	})
	return replaced, failed
}

// substitute is what stands for ${name}.
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
	plain, err := r.text(value)
	if err != nil {
		return "", inside("${"+name+"}", err)
	}
	return plain, nil
}
