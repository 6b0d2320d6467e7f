package cloudformation

import (
	"fmt"
	"maps"
	"slices"
)

// change is the creation or the update of one stack, with all that its rollback needs.
type change struct {
	*Account
	stack    *stack
	target   *template
	former   map[string]former
	made     []*physical // by this change
	replaced []*physical // what the new ones stand for; deleted in the clean-up
	phase    Phase
}

// former is a resource as it was before the change.
type former struct {
	physical *physical
	node     *node
	values   []string
}

// newChange begins to bring a stack to a template.
func (a *Account) newChange(s *stack, target *template, phase Phase) *change {
	c := &change{Account: a, stack: s, target: target, phase: phase, former: map[string]former{}}
	for id, p := range s.resources {
		c.former[id] = former{p, p.node, p.values}
	}
	return c
}

// forward creates, updates and replaces what the target template says, and returns the first error.
func (c *change) forward() error {
	tasks := map[string]*task{}
	var order []*task
	for _, id := range slices.Sorted(maps.Keys(c.target.nodes)) {
		tasks[id] = c.task(c.target.nodes[id])
		order = append(order, tasks[id])
	}
	for id, t := range tasks {
		for _, before := range c.target.nodes[id].after {
			t.follow(tasks[before])
		}
	}
	for _, t := range tasks { // the order of a map must not decide
		slices.SortFunc(t.next, func(x, y *task) int { return slices.Index(order, x) - slices.Index(order, y) })
	}
	return c.run(order, false)
}

// task brings one resource to its node.
func (c *change) task(n *node) *task {
	var p *physical
	var action Action
	return &task{
		begin: func() (bool, error) {
			values, err := c.valuesFor(n)
			if err != nil {
				return true, err
			}
			old := c.stack.resources[n.ID]
			if action, err = c.action(old, n, values); err != nil {
				return true, err
			}
			if action == "" {
				old.node = n
				return true, nil
			}
			if err := c.record(c.event(n, action, Start)); err != nil {
				return true, err
			}
			p, err = c.begin(old, n, values, action)
			return false, err
		},
		end: func() error {
			if err := c.record(c.event(n, action, End)); err != nil {
				return err
			}
			return c.complete(p)
		},
	}
}

func (c *change) event(n *node, action Action, moment Moment) Event {
	return Event{Phase: c.phase, Stack: c.stack.name, Resource: n.ID, Type: n.Type, Action: action, Moment: moment}
}

// valuesFor reads a node's references. In a cautious account, what an unchanged node read from another stack stays.
func (c *change) valuesFor(n *node) ([]string, error) {
	values, err := c.values(c.stack, c.target, n.properties)
	if old := c.stack.resources[n.ID]; err == nil && c.Cautious && old != nil && old.node.properties.text == n.properties.text {
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
	if old == nil {
		return Create, nil
	}
	if old.node.Type != n.Type {
		return "", fmt.Errorf("%s %s: update of resource type is not permitted: %s to %s", c.stack.name, n.ID, old.node.Type, n.Type)
	}
	sameText := old.node.properties.text == n.properties.text
	if sameText && slices.Equal(old.values, values) {
		return "", nil
	}
	if custom(n.Type) && old.text("ServiceToken") != fmt.Sprint(dig(n.properties, n.Properties["ServiceToken"], values, nil)) {
		return "", fmt.Errorf("%s %s: modifying service token is not allowed", c.stack.name, n.ID)
	}
	if replaces(old, n, values) {
		c.checkReplacement(old, n, values, sameText)
		return Replace, nil
	}
	return Update, nil
}

// begin makes a new resource, or changes one in place.
func (c *change) begin(old *physical, n *node, values []string, action Action) (*physical, error) {
	p := old
	if action == Update {
		return p, c.apply(p, n, values)
	}
	p = &physical{number: len(c.kinds), home: c.stack.name, environment: c.command.environment}
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
	c.checkRegistration(p)
	return p, nil
}

// apply gives a resource its properties, and does at once what they have as a consequence.
func (c *change) apply(p *physical, n *node, values []string) error {
	before := former{p, p.node, p.values}
	c.set(p, n, values)
	if err := c.claim(p); err != nil {
		if before.node == nil {
			return err
		}
		c.set(p, before.node, before.values)
		return err
	}
	if err := c.needs(p); err != nil {
		c.release(p)
		return err
	}
	c.checkStart(p)
	return nil
}

// complete does what a resource has as a consequence once it works.
func (c *change) complete(p *physical) error {
	p.works = true
	if isGate(p.node) && c.phase != RollingBack {
		c.migrate(p)
	}
	c.leaveByproducts(p)
	return nil
}
