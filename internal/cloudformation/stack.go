package cloudformation

import (
	"fmt"
	"maps"
	"slices"
)

// create makes a new stack.
func (a *Account) create(t *template) error {
	s := &stack{name: t.name, resources: map[string]*physical{}, outputs: map[string]string{}, terminationProtection: t.terminationProtection}
	a.stacks[t.name] = s
	c := a.newChange(s, t, Creating)
	err := c.forward()
	if err == nil {
		err = c.succeed(CreateComplete)
	}
	if err != nil {
		s.status = c.rollBackCreation()
		return fmt.Errorf("%s: %w", s.status, err)
	}
	return nil
}

// update brings an existing stack to another template.
func (a *Account) update(s *stack, t *template) error {
	c := a.newChange(s, t, Updating)
	err := c.forward()
	if err != nil {
		s.status = c.rollBackUpdate()
		return fmt.Errorf("%s: %w", s.status, err)
	}
	doomed := slices.Clone(c.replaced)
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		if t.nodes[id] == nil {
			doomed = append(doomed, s.resources[id])
			delete(s.resources, id)
		}
	}
	if err := c.succeed(UpdateComplete); err != nil {
		return err
	}
	_ = c.delete(doomed, CleaningUp, true) // what cannot be deleted is left behind, and the stack is complete
	return nil
}

// succeed makes the target the stack's template, and publishes its outputs.
func (c *change) succeed(status Status) error {
	outputs := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.target.outputs)) {
		e := c.target.outputs[name]
		values, err := c.values(c.stack, c.target, e)
		if err != nil {
			return err
		}
		outputs[name] = e.text1(e.value, values)
	}
	c.stack.template, c.stack.outputs, c.stack.status = c.target, outputs, status
	for _, p := range c.stack.resources {
		p.settled = true
	}
	c.migratedByHand()
	return nil
}

// deleteStack deletes a stack, and returns why it could not.
func (a *Account) deleteStack(s *stack) error {
	if s.terminationProtection {
		return fmt.Errorf("%s cannot be deleted while TerminationProtection is enabled", s.name)
	}
	c := a.newChange(s, s.template, Deleting)
	var doomed []*physical
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		doomed = append(doomed, s.resources[id])
	}
	if err := c.delete(doomed, Deleting, false); err != nil {
		s.status = DeleteFailed
		return fmt.Errorf("%s: %w", s.status, err)
	}
	delete(a.stacks, s.name)
	return nil
}
