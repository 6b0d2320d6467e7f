package cloudformation

import (
	"fmt"
	"slices"
)

// change is an operation on one stack, with all that its rollback needs.
type change struct {
	*Account
	stack    *stack
	target   *template
	outputs  map[string]string
	phase    Phase
	former   map[string]former
	made     []*physical // by this change
	replaced []*physical // by what it made
}

// former is a resource as it was before the change.
type former struct{ physical, before *physical }

// newChange begins an operation.
func (a *Account) newChange(s *stack, target *template, phase Phase) *change {
	c := &change{Account: a, stack: s, target: target, phase: phase, outputs: map[string]string{}, former: map[string]former{}}
	for id, p := range s.resources {
		before := *p
		c.former[id] = former{p, &before}
	}
	return c
}

// forward creates, updates and replaces what the target says, and reads its outputs. It returns the first error.
func (c *change) forward() error {
	nodes := c.target.nodes
	tasks := graph(c.target.ids, func(id string) *task { return c.task(nodes[id]) }, func(id string) []string { return nodes[id].after })
	if err := c.run(tasks, false); err != nil {
		return err
	}
	for name, e := range c.target.outputs {
		values, err := c.read(c.stack, c.target, e)
		if err != nil {
			return err
		}
		c.outputs[name] = fmt.Sprint(resolve(e.value, values))
	}
	return nil
}

// task brings one resource to its node.
func (c *change) task(n *node) *task {
	var old, p *physical
	var values []string
	t := &task{node: n}
	t.plan = func() (action Action, err error) {
		old = c.stack.resources[n.ID]
		if values, err = c.valuesFor(n); err == nil {
			action, err = c.action(old, n, values)
		}
		if action == "" && err == nil {
			old.node = n
		}
		return action, err
	}
	t.begin = func() (err error) {
		if p = old; t.action == "update" {
			return c.apply(p, n, values)
		}
		p, err = c.make(old, n, values)
		return err
	}
	t.end = func() {
		p.works = true
		if definition := c.definition(p); isGate(n) && definition != nil {
			c.migrate(definition)
		}
		c.leaveByproducts(p)
	}
	return t
}

// valuesFor reads a node's references. In a cautious account, what an unchanged node read from another stack stays.
func (c *change) valuesFor(n *node) ([]string, error) {
	values, err := c.read(c.stack, c.target, n.properties)
	if old := c.stack.resources[n.ID]; err == nil && c.Cautious && old != nil && old.properties.text == n.properties.text {
		for i, r := range n.properties.references {
			if r.stack != "" {
				values[i] = old.values[i]
			}
		}
	}
	return values, err
}

// action decides what happens to a resource, "" for nothing.
func (c *change) action(old *physical, n *node, values []string) (Action, error) {
	switch {
	case old == nil:
		return "create", nil
	case old.Type != n.Type:
		return "", fmt.Errorf("%s %s: update of resource type is not permitted: %s to %s", c.stack.name, n.ID, old.Type, n.Type)
	case old.properties.text == n.properties.text && slices.Equal(old.values, values):
		return "", nil
	case custom(n.Type) && old.at("ServiceToken") != dig(n.properties.value, values, "ServiceToken"):
		return "", fmt.Errorf("%s %s: modifying service token is not allowed", c.stack.name, n.ID)
	case replaces(old, n, values):
		c.checkReplacement(old, n, values)
		return "replace", nil
	}
	return "update", nil
}

// make makes a new resource, in place of an old one if there is one.
func (c *change) make(old *physical, n *node, values []string) (*physical, error) {
	p := &physical{number: len(c.kinds), home: c.stack.name, environment: c.command.environment, confirmed: c.confirmed(n.Type)}
	if err := c.apply(p, n, values); err != nil {
		return nil, err
	}
	c.kinds = append(c.kinds, n.Type)
	c.live[p.number] = p
	c.made = append(c.made, p)
	if old != nil {
		c.replaced = append(c.replaced, old)
	}
	c.stack.resources[n.ID] = p
	for _, login := range c.used(p, secret) {
		login.login = login.login || database(n.Type)
	}
	c.checkRegistration(p)
	return p, nil
}

// apply gives a resource its properties, and does at once what they have as a consequence. After an error it is what it was.
func (c *change) apply(p *physical, n *node, values []string) error {
	before := *p
	c.set(p, n, values)
	err := c.claim(p)
	if err == nil {
		err = c.needs(p, before)
	}
	if err == nil {
		c.checkStart(p)
		return nil
	}
	c.release(p)
	*p = before
	c.hold(p)
	return err
}
