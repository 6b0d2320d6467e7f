package assembly

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Properties reads the properties of a resource. A value is resolved when it is asked for; the others may be anything.
// Problems are collected: a reader asks for one value after the other, and calls Err once at the end.
type Properties struct {
	resolver resolver
	resource *Resource
	value    any
	path     string
	problems *problems
}

// problems holds every problem once: many properties may be read through a value that cannot be resolved.
type problems struct {
	all   []error
	known map[string]bool
}

// Read begins to read a resource's properties.
func (e *Environment) Read(resource *Resource, answers Answers) Properties {
	return Properties{
		resolver: resolver{environment: e, stack: resource.Stack, answers: answers},
		resource: resource,
		value:    any(resource.Properties),
		path:     "Properties",
		problems: &problems{known: map[string]bool{}},
	}
}

// Err joins the problems found since Read, and returns nil if there are none.
func (p Properties) Err() error { return errors.Join(p.problems.all...) }

// Raw returns the value as it is in the template, nil if it is missing; for Follow.
func (p Properties) Raw() any { return p.value }

// At returns the value under the keys. A missing key is not a problem: the value below it is missing too.
func (p Properties) At(keys ...string) Properties {
	for _, key := range keys {
		p.value, p.path = p.object()[key], p.path+"."+key
	}
	return p
}

// Keys returns the keys of an object in alphabetical order, none if it is missing.
func (p Properties) Keys() []string { return sortedKeys(p.object()) }

func (p Properties) object() map[string]any {
	value := p.plain()
	object, is := value.(map[string]any)
	p.require(is || value == nil, "want an object, got %s", describe(value))
	return object
}

// Each returns the items of a list without those that are AWS::NoValue, none if the list is missing.
func (p Properties) Each() []Properties {
	value := p.plain()
	list, is := value.([]any)
	p.require(is || value == nil, "want a list, got %s", describe(value))
	var items []Properties
	for i, value := range list {
		item := p
		item.value, item.path = value, fmt.Sprintf("%s[%d]", p.path, i)
		if item.value = item.chosen(); item.value != (noValue{}) {
			items = append(items, item)
		}
	}
	return items
}

// chosen returns the branch that an Fn::If chooses, unresolved, and any other value as it is. The other branch is not
// read and may be anything. It returns nil after a problem.
func (p Properties) chosen() any {
	value := p.value
	for range maxDepth {
		call, _ := value.(map[string]any)
		name, argument, _ := intrinsic(call)
		if name == "Ref" && argument == "AWS::NoValue" {
			return noValue{}
		}
		if name != "Fn::If" {
			return value
		}
		var err error
		if value, err = p.resolver.branch(argument); err != nil {
			p.require(false, "%w", errorAt(name, err))
			return nil
		}
	}
	p.require(false, "%w", errTooDeep)
	return nil
}

// plain resolves a value that is an intrinsic. Any other value is returned as it is: what is in it is not resolved.
func (p Properties) plain() any {
	p.value = p.chosen()
	call, _ := p.value.(map[string]any)
	if _, _, is := intrinsic(call); is || p.value == (noValue{}) {
		return p.resolved()
	}
	return p.value
}

func (p Properties) resolved() any {
	value, err := p.resolver.resolve(p.value)
	p.require(err == nil, "%w", err)
	if _, absent := value.(noValue); absent || err != nil {
		return nil
	}
	return value
}

// Text returns a string, "" if it is missing. Numbers and bools are written out.
func (p Properties) Text() string {
	value := p.resolved()
	if value == nil {
		return ""
	}
	text, err := asString(value)
	p.require(err == nil, "%w", err)
	return text
}

// Texts returns a list of strings.
func (p Properties) Texts() []string {
	var texts []string
	for _, item := range p.Each() {
		texts = append(texts, item.Text())
	}
	return texts
}

// Number returns a whole number, or the one that a string holds, or fallback if it is missing.
func (p Properties) Number(fallback int) int {
	value := p.resolved()
	if value == nil {
		return fallback
	}
	number, ok := integer(value)
	p.require(ok, "want a whole number, got %s", describe(value))
	if !ok {
		return fallback
	}
	return number
}

// Seconds returns a whole number of seconds as a duration, or fallback if it is missing.
func (p Properties) Seconds(fallback time.Duration) time.Duration {
	seconds := p.Number(int(fallback / time.Second))
	ok := seconds >= 0 && seconds <= int(math.MaxInt64/time.Second)
	p.require(ok, "want a number of seconds, got %d", seconds)
	if !ok {
		return fallback
	}
	return time.Duration(seconds) * time.Second
}

// Bool returns a bool, or the one that a string holds, or fallback if it is missing.
func (p Properties) Bool(fallback bool) bool {
	value := p.resolved()
	switch v := value.(type) {
	case nil:
		return fallback
	case bool:
		return v
	case string:
		if parsed, err := strconv.ParseBool(v); err == nil {
			return parsed
		}
	}
	p.require(false, "want true or false, got %s", describe(value))
	return fallback
}

// exists reports whether the resource's condition holds, or whether it has none.
func (p Properties) exists() bool {
	if p.resource.Condition == "" {
		return true
	}
	holds, err := p.resolver.condition(p.resource.Condition)
	p.path = "Condition"
	p.require(err == nil, "%w", err)
	return holds
}

// require records a problem with the value unless ok.
func (p Properties) require(ok bool, format string, args ...any) {
	if ok {
		return
	}
	problem := fmt.Errorf("%s: %s: %w", p.resource, p.path, fmt.Errorf(format, args...))
	if !p.problems.known[problem.Error()] {
		p.problems.known[problem.Error()] = true
		p.problems.all = append(p.problems.all, problem)
	}
}
