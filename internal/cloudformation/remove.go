package cloudformation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// delete deletes resources, each after those that depend on it, and returns the first error. What depends on one that could
// not be deleted stays too: in its stack, or without one if the stack has a successor or no need of it.
func (c *change) delete(doomed []*physical, phase Phase) error {
	c.phase = phase
	tasks, byID := make([]*task, len(doomed)), map[string][]*task{}
	for i, p := range doomed {
		tasks[i] = c.removal(p)
		byID[p.ID] = append(byID[p.ID], tasks[i])
	}
	for i, p := range doomed {
		for _, id := range p.after {
			for _, before := range byID[id] {
				before.follow(tasks[i])
			}
		}
	}
	err := c.run(tasks, true)
	left := "could not be deleted while " + string(phase)
	if slices.ContainsFunc(c.command.struck, func(e Event) bool { return e.Stack == c.stack.name && e.Phase == phase }) {
		left += afterFault
	}
	for _, p := range doomed {
		if c.live[p.number] == p && p.orphan == "" && c.stack.resources[p.ID] != p {
			p.orphan = left
		}
	}
	return err
}

const afterFault = ", after a fault"

// excused reports whether a resource is left because of an injected fault: a person deletes it before it hinders anybody.
func (p *physical) excused() bool { return strings.HasSuffix(p.orphan, afterFault) }

// removal deletes one resource, or keeps it as its policy says.
func (c *change) removal(p *physical) *task {
	policy := c.policy(p)
	return &task{
		node: p.node,
		plan: func() (Action, error) { return "delete", nil },
		begin: func() error {
			refused := c.refusal(p, policy)
			if refused == nil || c.phase == CleaningUp { // then its successor is there already
				c.checkRemoval(p, policy)
			}
			if refused == nil && policy == "Snapshot" {
				c.leave("snapshot of %s", p)
			}
			return refused
		},
		end: func() {
			maps.DeleteFunc(c.stack.resources, func(_ string, other *physical) bool { return other == p })
			if policy == "Retain" {
				p.orphan = "retained while " + string(c.phase)
				return
			}
			for _, emptied := range c.used(p, bucket) {
				emptied.objects = emptied.objects && !strings.HasPrefix(p.Type, "Custom::S3AutoDelete")
			}
			c.release(p)
			delete(c.live, p.number)
		},
	}
}

// policy returns what happens to a resource that is deleted: Delete, Retain or Snapshot.
func (c *change) policy(p *physical) string {
	policy, rolledBack := p.DeletionPolicy, c.phase == RollingBack || c.phase == Undoing
	if slices.Contains(c.replaced, p) {
		policy = p.UpdateReplacePolicy
	}
	switch {
	case policy == "Retain", policy == "RetainExceptOnCreate" && !rolledBack:
		return "Retain"
	case policy == "Snapshot" && !rolledBack:
		return "Snapshot"
	}
	return "Delete"
}

// refusal is the reason for which AWS does not delete a resource, nil if it does.
func (c *change) refusal(p *physical, policy string) error {
	if policy == "Retain" {
		return nil
	}
	user := c.first(func(other *physical) bool { return c.inUse(p, other) })
	switch {
	case protected(p):
		return fmt.Errorf("%s is protected from deletion", p)
	case user != nil:
		c.violate(InUse, "deleted in use", p, "is deleted while %s, and %s uses it", c.phase, user)
		return fmt.Errorf("%s is in use by %s", p, user)
	case p.objects:
		return fmt.Errorf("%s is not empty", p)
	}
	return nil
}

// protected reports whether a resource's deletion protection is on.
func protected(p *physical) bool {
	on := p.text("DeletionProtection") == "true" || p.text("DeletionProtectionEnabled") == "true" ||
		strings.Contains(p.text("LoadBalancerAttributes"), "map[Key:deletion_protection.enabled Value:true]")
	return on && !p.unprotected
}
