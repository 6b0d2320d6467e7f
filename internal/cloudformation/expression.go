package cloudformation

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// expression is a value of a template, prepared for being resolved often. Its references are counted once each.
type expression struct {
	value      any // with slots and joins instead of intrinsic functions
	text       string
	references []reference
}

// reference is a Ref or an Fn::GetAtt, or an Fn::GetStackOutput if it names a stack.
type reference struct {
	stack     string
	id        string // of a resource or a parameter; an output's name
	attribute string // empty for Ref
}

// slot is the place of a reference's value, join a string made of parts.
type (
	slot int
	join struct {
		separator string
		parts     []any
	}
)

// express prepares a value.
func express(value any) *expression {
	text, _ := json.Marshal(value) // parsed from JSON
	e := &expression{text: string(text)}
	e.value = e.prepare(value)
	return e
}

// prepare replaces intrinsic functions. One that is not known stays as it is: it equals itself, which suffices to compare.
func (e *expression) prepare(value any) any {
	call, _ := value.(map[string]any)
	if r, is := referenceOf(call); is {
		return e.slot(r)
	}
	if argument, is := call["Fn::Sub"]; is {
		return e.sub(argument)
	}
	if argument, is := call["Fn::Join"].([]any); is {
		if parts, literal := e.prepare(argument[1]).([]any); literal {
			return join{fmt.Sprint(argument[0]), parts}
		}
	}
	return walk(value, e.prepare)
}

// walk applies a function to what a list or an object holds, and leaves out what it makes nil.
func walk(value any, apply func(any) any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, 0, len(v))
		for _, item := range v {
			if item = apply(item); item != nil {
				list = append(list, item)
			}
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if item := apply(v[key]); item != nil {
				object[key] = item
			}
		}
		return object
	}
	return value
}

// slot returns the place of a reference, or the value of a pseudo parameter, nil for AWS::NoValue.
func (e *expression) slot(r reference) any {
	if r.id == "AWS::NoValue" {
		return nil
	}
	if name, pseudo := strings.CutPrefix(r.id, "AWS::"); pseudo {
		return strings.ToLower(name)
	}
	if !slices.Contains(e.references, r) {
		e.references = append(e.references, r)
	}
	return slot(slices.Index(e.references, r))
}

var placeholder = regexp.MustCompile(`\$\{[^!}][^}]*\}`)

// sub prepares an Fn::Sub: a string, or a string and its own values.
func (e *expression) sub(argument any) any {
	own := map[string]any{}
	if parts, is := argument.([]any); is {
		own, _ = parts[1].(map[string]any)
		argument = parts[0]
	}
	text, parts := fmt.Sprint(argument), []any{}
	for at := placeholder.FindStringIndex(text); at != nil; at = placeholder.FindStringIndex(text) {
		name := text[at[0]+2 : at[1]-1]
		part := e.prepare(own[name])
		if part == nil {
			part = e.slot(named(name))
		}
		parts = append(parts, text[:at[0]], part)
		text = text[at[1]:]
	}
	return join{parts: append(parts, text)}
}

// named reads a name such as Resource.Attribute.
func named(name string) reference {
	id, attribute, _ := strings.Cut(name, ".")
	return reference{id: id, attribute: attribute}
}

// referenceOf reads a Ref, an Fn::GetAtt or an Fn::GetStackOutput.
func referenceOf(call map[string]any) (r reference, is bool) {
	if id, is := call["Ref"].(string); is && len(call) == 1 {
		return reference{id: id}, true
	}
	switch argument := call["Fn::GetAtt"].(type) {
	case string:
		return named(argument), true
	case []any:
		return reference{id: fmt.Sprint(argument[0]), attribute: fmt.Sprint(argument[1])}, true
	}
	if output, is := call["Fn::GetStackOutput"].(map[string]any); is {
		return reference{stack: fmt.Sprint(output["StackName"]), id: fmt.Sprint(output["OutputName"])}, true
	}
	return r, false
}

// resolve puts the values of the references into a prepared value.
func resolve(value any, values []string) any {
	switch v := value.(type) {
	case string, bool, float64:
		return v
	case slot:
		return values[v]
	case join:
		parts := make([]string, len(v.parts))
		for i, part := range v.parts {
			parts[i] = fmt.Sprint(resolve(part, values))
		}
		return strings.Join(parts, v.separator)
	}
	return walk(value, func(item any) any { return resolve(item, values) })
}

// dig resolves what is at a path. Of a list it returns what its objects have there, nil if none has it.
func dig(value any, values []string, path string) any {
	if path == "" {
		return resolve(value, values)
	}
	key, rest, _ := strings.Cut(path, ".")
	switch v := value.(type) {
	case map[string]any:
		return dig(v[key], values, rest)
	case []any:
		all := walk(v, func(item any) any { return dig(item, values, path) }).([]any)
		if len(all) > 0 {
			return all
		}
	}
	return nil
}
