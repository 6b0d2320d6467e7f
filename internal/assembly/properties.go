package assembly

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Properties reads the properties of one resource. What is asked for is resolved then and there; what is not asked for may be
// anything. Mistakes are collected, so that a reader is written as if there were none and asks Err once at the end.
type Properties struct {
	resolver resolver
	resource *Resource
	value    any
	path     string
	mistakes *mistakes
}

// mistakes are what went wrong, each said once: many properties may be read through one that cannot be.
type mistakes struct {
	all  []error
	said map[string]bool
}

// Read begins to read a resource's properties.
func (e *Environment) Read(resource *Resource, answers Answers) Properties {
	return Properties{
		resolver: newResolver(e, resource.Stack, answers),
		resource: resource, value: any(resource.Properties), path: "Properties", mistakes: &mistakes{said: map[string]bool{}},
	}
}

// Err returns every mistake that was met since Read, nil if there was none.
func (p Properties) Err() error { return errors.Join(p.mistakes.all...) }

// Raw is the value as it stands in the template, nil if there is none; for Follow.
func (p Properties) Raw() any { return p.value }

// At goes down by keys. A missing key gives Properties that are not there, which is no mistake.
func (p Properties) At(keys ...string) Properties {
	for _, key := range keys {
		p.value, p.path = p.object()[key], p.path+"."+key
	}
	return p
}

// Keys lists the keys of an object in alphabetical order; nothing for one that is missing.
func (p Properties) Keys() []string { return sortedKeys(p.object()) }

func (p Properties) object() map[string]any {
	value := p.plain()
	object, is := value.(map[string]any)
	if !is && value != nil {
		p.complain(fmt.Errorf("wants an object, not %s", kind(value)))
	}
	return object
}

// Each lists the items of a list, without those that are AWS::NoValue; nothing for a list that is missing.
func (p Properties) Each() []Properties {
	var items []Properties
	switch list := p.plain().(type) {
	case nil:
	case []any:
		for i, value := range list {
			item := Properties{p.resolver, p.resource, value, fmt.Sprintf("%s[%d]", p.path, i), p.mistakes}
			if item.value = item.chosen(); item.value != (noValue{}) {
				items = append(items, item)
			}
		}
	default:
		p.complain(fmt.Errorf("wants a list, not %s", kind(list)))
	}
	return items
}

// chosen is the value behind any Fn::If, as it stands in the template: what is in the other branch is not read, and may be
// anything. It is nil after a mistake, which is noted.
func (p Properties) chosen() any {
	value := p.value
	for range deepest {
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
			p.complain(inside(name, err))
			return nil
		}
	}
	p.complain(errTooDeep)
	return nil
}

// plain is the value, or what it resolves to if it is an intrinsic. What is below it stays as it stands.
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
	if err != nil {
		p.complain(err)
		return nil
	}
	if _, absent := value.(noValue); absent {
		return nil
	}
	return value
}

// Text is a text; numbers and truth values are written out. Empty if it is missing.
func (p Properties) Text() string {
	value := p.resolved()
	if value == nil {
		return ""
	}
	text, err := asText(value)
	if err != nil {
		p.complain(err)
	}
	return text
}

// Texts is a list of texts.
func (p Properties) Texts() []string {
	var texts []string
	for _, item := range p.Each() {
		texts = append(texts, item.Text())
	}
	return texts
}

// Number is a whole number, or a text that holds one, or fallback if it is missing.
func (p Properties) Number(fallback int) int {
	value := p.resolved()
	if value == nil {
		return fallback
	}
	number, ok := integer(value)
	if !ok {
		p.complain(fmt.Errorf("wants a whole number, not %s", kind(value)))
		return fallback
	}
	return number
}

// Seconds is a whole number of seconds, or fallback if it is missing.
func (p Properties) Seconds(fallback time.Duration) time.Duration {
	seconds := p.Number(int(fallback / time.Second))
	if seconds < 0 || seconds > int(math.MaxInt64/time.Second) {
		p.complain(fmt.Errorf("wants a number of seconds, not %d", seconds))
		return fallback
	}
	return time.Duration(seconds) * time.Second
}

// Bool is a truth value, or a text that holds one, or fallback if it is missing.
func (p Properties) Bool(fallback bool) bool {
	switch value := p.resolved().(type) {
	case nil:
		return fallback
	case bool:
		return value
	case string:
		if parsed, err := strconv.ParseBool(value); err == nil {
			return parsed
		}
		p.complain(fmt.Errorf("wants true or false, not %s", kind(value)))
	default:
		p.complain(fmt.Errorf("wants true or false, not %s", kind(value)))
	}
	return fallback
}

// exists says whether the condition of the resource, if it has one, lets it be.
func (p Properties) exists() bool {
	if p.resource.Condition == "" {
		return true
	}
	holds, err := p.resolver.named(p.resource.Condition)
	if err != nil {
		p.path = "Condition"
		p.complain(err)
	}
	return holds
}

func (p Properties) complain(err error) {
	mistake := fmt.Errorf("%s: %s: %w", p.resource, p.path, err)
	if !p.mistakes.said[mistake.Error()] {
		p.mistakes.said[mistake.Error()] = true
		p.mistakes.all = append(p.mistakes.all, mistake)
	}
}
