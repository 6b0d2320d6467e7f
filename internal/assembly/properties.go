package assembly

import (
	"errors"
	"fmt"
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
	mistakes *[]error
}

// Read begins to read a resource's properties.
func (e *Environment) Read(resource *Resource, answers Answers) Properties {
	return Properties{
		resolver: resolver{environment: e, stack: resource.Stack, answers: answers},
		resource: resource, value: any(resource.Properties), path: "Properties", mistakes: new([]error),
	}
}

// Err returns every mistake that was met since Read, nil if there was none.
func (p Properties) Err() error { return errors.Join(*p.mistakes...) }

// Raw is the value as it stands in the template, nil if there is none; for Follow.
func (p Properties) Raw() any { return p.value }

// At goes down by keys. A missing key gives Properties that are not there, which is no mistake.
func (p Properties) At(keys ...string) Properties {
	for _, key := range keys {
		object, _ := p.plain().(map[string]any)
		p.value, p.path = object[key], p.path+"."+key
	}
	return p
}

// Each lists the items of a list; nothing for one that is missing.
func (p Properties) Each() []Properties {
	var items []Properties
	switch list := p.plain().(type) {
	case nil:
	case []any:
		for i, item := range list {
			items = append(items, Properties{p.resolver, p.resource, item, fmt.Sprintf("%s[%d]", p.path, i), p.mistakes})
		}
	default:
		p.complain(fmt.Errorf("wants a list, not %T", list))
	}
	return items
}

// plain is the value, or what it resolves to if it is an intrinsic. What is below it stays as it stands.
func (p Properties) plain() any {
	call, _ := p.value.(map[string]any)
	if _, _, is := intrinsic(call); is {
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
		p.complain(fmt.Errorf("wants a whole number, not %v", value))
		return fallback
	}
	return number
}

// Seconds is a whole number of seconds.
func (p Properties) Seconds(fallback time.Duration) time.Duration {
	return time.Duration(p.Number(int(fallback/time.Second))) * time.Second
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
		p.complain(fmt.Errorf("wants true or false, not %q", value))
	default:
		p.complain(fmt.Errorf("wants true or false, not %v", value))
	}
	return fallback
}

func (p Properties) complain(err error) {
	*p.mistakes = append(*p.mistakes, fmt.Errorf("%s: %s: %w", p.resource, p.path, err))
}

func asText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int:
		return strconv.Itoa(v), nil
	}
	return "", fmt.Errorf("wants a text, not %T", value)
}

func integer(value any) (int, bool) {
	switch v := value.(type) {
	case float64:
		return int(v), v == float64(int(v))
	case int:
		return v, true
	case string:
		number, err := strconv.Atoi(v)
		return number, err == nil
	}
	return 0, false
}
