package cloudformation

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// physical is a resource that exists. Its name in AWS is its logical id and a number, such as Database#17, and an attribute is
// that name and the attribute's: every value says which resource it came from.
type physical struct {
	*node              // as it was made or last updated
	number      int    // of all that ever were
	home        string // name of the stack that made it
	environment string // that made it
	values      []string
	uses        []int    // numbers of the resources in its values
	keys        []string // what it has that must be unique
	works       bool     // its creation has ended
	settled     bool     // the operation that made it has succeeded: from now on it may hold data
	confirmed   bool     // the settings gave up its predecessor when it was made
	login       bool     // a secret that a database takes its password from
	objects     bool     // a bucket that is not empty
	unprotected bool     // a person has lifted its deletion protection
	orphan      string   // why it exists without a stack, empty while it has one
}

// String names the resource for a message.
func (p *physical) String() string { return fmt.Sprintf("%s %s (%s)", p.home, p.ID, p.Type) }

// attribute returns the value of an attribute, or of Ref.
func (p *physical) attribute(name string) string {
	name = "." + name
	return strings.TrimSuffix(p.ID+"#"+strconv.Itoa(p.number)+name, ".")
}

// at returns a property by its path, nil if it is missing.
func (p *physical) at(path string) any { return dig(p.properties.value, p.values, path) }

// text returns a property that is written as a string, "" if it is missing.
func (p *physical) text(path string) string {
	switch value := p.at(path).(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		return fmt.Sprint(value)
	}
}

// set gives a resource the properties of a node.
func (a *Account) set(p *physical, n *node, values []string) {
	p.node, p.values, p.uses = n, values, nil
	for _, value := range values {
		for _, n := range a.numbersIn(value) {
			if !slices.Contains(p.uses, n) && n != p.number {
				p.uses = append(p.uses, n)
			}
		}
	}
}

var number = regexp.MustCompile(`#(\d+)`)

// numbersIn returns the numbers of the resources that a value names.
func (a *Account) numbersIn(value string) []int {
	if found, known := a.names[value]; known {
		return found
	}
	var numbers []int
	for _, found := range number.FindAllStringSubmatch(value, -1) {
		n, _ := strconv.Atoi(found[1]) // of at most as many digits as there are resources
		numbers = append(numbers, n)
	}
	a.names[value] = numbers
	return numbers
}

// used returns the live resources of a type that a resource refers to.
func (a *Account) used(p *physical, resourceType string) []*physical {
	var all []*physical
	for _, number := range p.uses {
		if other := a.live[number]; other != nil && other.Type == resourceType {
			all = append(all, other)
		}
	}
	return all
}

// read returns what the references of an expression hold at this moment.
func (a *Account) read(s *stack, t *template, e *expression) ([]string, error) {
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
		if other := a.stacks[r.stack]; other != nil && other.outputs[r.id] != "" {
			return other.outputs[r.id], nil
		}
		return "", fmt.Errorf("%s: stack %s has no output %s", s.name, r.stack, r.id)
	}
	if p := s.resources[r.id]; p != nil {
		return p.attribute(r.attribute), nil
	}
	if parameter, exists := t.parameters[r.id]; exists {
		text := fmt.Sprint(parameter.Default)
		if moved := a.parameters[text]; moved > 0 {
			text += " moved " + strconv.Itoa(moved)
		}
		return text, nil
	}
	return "", fmt.Errorf("%s: nothing is named %s", s.name, r.id)
}
