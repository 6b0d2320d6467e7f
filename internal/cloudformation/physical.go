package cloudformation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// physical is a resource that exists. Its name in AWS is its logical id and a number, such as Database#17, and its
// attributes are that name and the attribute's: every value says which resource it came from.
type physical struct {
	number int
	home   string // name of the stack that made it
	node   *node  // as it was made or last updated
	values []string
	uses   []int // numbers of the resources in its values

	environment string // that made it
	works       bool   // its last creation or update has ended
	settled     bool   // the operation that made it has succeeded: from now on it may hold data
	orphan      string // why it exists without a stack; empty while it has one
	unprotected bool   // a person has lifted its deletion protection
	objects     bool   // a bucket that is not empty
	keys        []string
	images      map[string]string // container -> image of a task definition
}

func (p *physical) name() string { return p.node.ID + "#" + strconv.Itoa(p.number) }

// attribute returns the value of an attribute, or of Ref.
func (p *physical) attribute(name string) string {
	if name == "" {
		return p.name()
	}
	return p.name() + "." + name
}

// at returns a property by its path, nil if it is missing. Of a list it returns what its objects have there.
func (p *physical) at(path string) any {
	return dig(p.node.properties, p.node.Properties, p.values, strings.Split(path, "."))
}

// text returns a property that is written as a string, "" if it is missing.
func (p *physical) text(path string) string {
	if value := p.at(path); value != nil {
		return fmt.Sprint(value)
	}
	return ""
}

// dig resolves only what is at the path.
func dig(e *expression, value any, values []string, path []string) any {
	if len(path) == 0 {
		return e.resolve(value, values)
	}
	switch v := value.(type) {
	case map[string]any:
		if _, exists := v[path[0]]; exists {
			return dig(e, v[path[0]], values, path[1:])
		}
	case []any:
		var all []any
		for _, item := range v {
			if found := dig(e, item, values, path); found != nil {
				all = append(all, found)
			}
		}
		if all != nil {
			return all
		}
	}
	return nil
}

// values returns what the references of an expression hold at this moment.
func (a *Account) values(s *stack, t *template, e *expression) ([]string, error) {
	values := make([]string, len(e.references))
	for i, r := range e.references {
		value, err := a.value(s, t, r)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

func (a *Account) value(s *stack, t *template, r reference) (string, error) {
	if r.stack != "" {
		if other := a.stacks[r.stack]; other != nil {
			if value, exists := other.outputs[r.id]; exists {
				return value, nil
			}
		}
		return "", fmt.Errorf("%s: stack %s has no output %s", s.name, r.stack, r.id)
	}
	if p := s.resources[r.id]; p != nil {
		return p.attribute(r.attribute), nil
	}
	if parameter, exists := t.parameters[r.id]; exists {
		return a.parameter(parameter.Default), nil
	}
	return "", fmt.Errorf("%s: nothing is named %s", s.name, r.id)
}

// parameter returns a parameter's value; if it names one of AWS's public parameters, with how often that has moved.
func (a *Account) parameter(value any) string {
	text := fmt.Sprint(value)
	if moved := a.parameters[text]; moved > 0 {
		text += " moved " + strconv.Itoa(moved)
	}
	return text
}

// numbersIn returns the numbers of the resources that a value names.
func (a *Account) numbersIn(value string) []int {
	if !strings.Contains(value, "#") {
		return nil
	}
	if found, known := a.names[value]; known {
		return found
	}
	var numbers []int
	for _, part := range strings.Split(value, "#")[1:] {
		digits := 0
		for digits < len(part) && part[digits] >= '0' && part[digits] <= '9' {
			digits++
		}
		if n, err := strconv.Atoi(part[:digits]); err == nil {
			numbers = append(numbers, n)
		}
	}
	a.names[value] = numbers
	return numbers
}

// set gives a resource the properties of a node.
func (a *Account) set(p *physical, n *node, values []string) {
	p.node, p.values, p.uses, p.images = n, values, nil, nil
	for _, value := range values {
		for _, number := range a.numbersIn(value) {
			if !slices.Contains(p.uses, number) && number != p.number {
				p.uses = append(p.uses, number)
			}
		}
	}
	if n.Type == taskDefinition {
		p.images = imagesOf(p)
	}
}

// used returns the live resources that a resource refers to.
func (a *Account) used(p *physical) []*physical {
	var all []*physical
	for _, number := range p.uses {
		if other := a.live[number]; other != nil {
			all = append(all, other)
		}
	}
	return all
}
