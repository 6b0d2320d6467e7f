package cloudformation

import (
	"fmt"
	"maps"
	"slices"
)

// Status is a stack's status in CloudFormation, such as UPDATE_ROLLBACK_COMPLETE.
type Status string

// stack is a stack that exists.
type stack struct {
	name                  string
	status                Status
	template              *template // the last one that succeeded, nil before
	resources             map[string]*physical
	outputs               map[string]string
	terminationProtection bool
	unfinished            *change // the update whose rollback failed
}

// create makes a new stack, and deletes what it has made if it fails.
func (a *Account) create(t *template) error {
	s := &stack{name: t.name, resources: map[string]*physical{}, terminationProtection: t.terminationProtection}
	a.stacks[t.name] = s
	c := a.newChange(s, t, Creating)
	if err := c.forward(); err != nil {
		if s.status = "ROLLBACK_COMPLETE"; c.delete(c.made, RollingBack) != nil {
			s.status = "ROLLBACK_FAILED"
		}
		return fmt.Errorf("%s: %w", s.status, err)
	}
	c.publish("CREATE_COMPLETE")
	return nil
}

// update brings an existing stack to another template. Only when everything new works is the old deleted: what cannot be is
// left behind, and the stack is complete.
func (a *Account) update(s *stack, t *template) error {
	c := a.newChange(s, t, Updating)
	if err := c.forward(); err != nil {
		s.status = c.rollBack()
		return fmt.Errorf("%s: %w", s.status, err)
	}
	doomed := slices.Clone(c.replaced)
	for _, id := range slices.Sorted(maps.Keys(s.resources)) {
		if t.nodes[id] == nil {
			doomed = append(doomed, s.resources[id])
			delete(s.resources, id)
		}
	}
	c.publish("UPDATE_COMPLETE")
	_ = c.delete(doomed, CleaningUp)
	return nil
}

// publish makes the target the stack's template, with its outputs.
func (c *change) publish(status Status) {
	c.stack.template, c.stack.outputs, c.stack.status = c.target, c.outputs, status
	for _, p := range c.stack.resources {
		p.settled = true
		if p.Type == taskDefinition && c.target.gate == nil { // a person runs the migration before each release
			c.migrate(p)
		}
	}
}

// deleteStack deletes a stack, and returns why it could not.
func (a *Account) deleteStack(s *stack) error {
	if s.terminationProtection {
		return fmt.Errorf("%s cannot be deleted while TerminationProtection is enabled", s.name)
	}
	var doomed []*physical
	for _, number := range slices.Sorted(maps.Keys(a.live)) {
		if p := a.live[number]; p.home == s.name && p.orphan == "" {
			doomed = append(doomed, p)
		}
	}
	if err := a.newChange(s, s.template, Deleting).delete(doomed, Deleting); err != nil {
		s.status = "DELETE_FAILED"
		return fmt.Errorf("%s: %w", s.status, err)
	}
	delete(a.stacks, s.name)
	return nil
}
