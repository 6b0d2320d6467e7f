package cloudformation

import (
	"errors"
	"fmt"
	"slices"
)

// delete deletes resources, each after those that depend on it, and returns the first error. What depends on a resource that
// could not be deleted stays too; nothing of it belongs to the stack afterwards if it was superfluous.
func (c *change) delete(doomed []*physical, phase Phase, superfluous bool) error {
	c.phase = phase
	tasks := make([]*task, len(doomed))
	for i, p := range doomed {
		tasks[i] = c.removal(p)
	}
	byID := map[string][]int{}
	for i, p := range doomed {
		byID[p.node.ID] = append(byID[p.node.ID], i)
	}
	for i, p := range doomed {
		for _, id := range p.node.after {
			for _, j := range byID[id] {
				tasks[j].follow(tasks[i])
			}
		}
	}
	first := c.run(tasks, true)
	for _, p := range doomed {
		if c.live[p.number] != p || p.orphan != "" {
			continue
		}
		if c.stack.resources[p.node.ID] != p && superfluous {
			p.orphan = "could not be deleted while " + string(phase)
			if first == nil {
				first = errors.New(p.name() + " " + p.orphan)
			}
		}
	}
	return first
}

// removal deletes one resource, or keeps it as its policy says.
func (c *change) removal(p *physical) *task {
	kept := false
	return &task{
		begin: func() (bool, error) {
			if err := c.record(c.event(p.node, Delete, Start)); err != nil {
				return true, err
			}
			policy := c.policy(p)
			if kept = policy == "Retain"; kept {
				c.checkRemoval(p, policy)
				p.orphan = "retained while " + string(c.phase)
				c.forget(p)
				return true, nil
			}
			if c.phase == CleaningUp { // its successor is there already, whether it can be deleted or not
				c.checkRemoval(p, policy)
			}
			if err := c.refusal(p); err != nil {
				return true, err
			}
			if c.phase != CleaningUp {
				c.checkRemoval(p, policy)
			}
			if policy == "Snapshot" {
				c.snapshots = append(c.snapshots, p.name())
			}
			return false, nil
		},
		end: func() error {
			if err := c.record(c.event(p.node, Delete, End)); err != nil {
				return err
			}
			c.empty(p)
			c.release(p)
			delete(c.live, p.number)
			c.forget(p)
			return nil
		},
	}
}

// forget takes a resource out of its stack.
func (c *change) forget(p *physical) {
	if c.stack.resources[p.node.ID] == p {
		delete(c.stack.resources, p.node.ID)
	}
}

// policy returns what happens to a resource that is deleted: Delete, Retain or Snapshot.
func (c *change) policy(p *physical) string {
	policy := p.node.DeletionPolicy
	if slices.Contains(c.replaced, p) {
		policy = p.node.UpdateReplacePolicy
	}
	rolledBack := c.phase == RollingBack || c.phase == UndoingCleanUp
	switch {
	case policy == "RetainExceptOnCreate" && !rolledBack:
		return "Retain"
	case policy == "Retain":
		return "Retain"
	case policy == "Snapshot" && !rolledBack:
		return "Snapshot"
	}
	return "Delete"
}

// refusal is the reason for which AWS does not delete a resource, nil if it does.
func (c *change) refusal(p *physical) error {
	if property := c.protection(p); property != "" {
		return fmt.Errorf("%s %s: %s is on", c.stack.name, p.node.ID, property)
	}
	if users := c.users(p); len(users) > 0 {
		c.violate(InUse, "deleted in use", p, "is deleted while %s, and %s uses it", c.phase, users[0].describe())
		return fmt.Errorf("%s %s: %s uses it", c.stack.name, p.node.ID, users[0].describe())
	}
	if p.objects {
		return fmt.Errorf("%s %s: the bucket is not empty", c.stack.name, p.node.ID)
	}
	if custom(p.node.Type) {
		return c.needs(p)
	}
	return nil
}

// describe names a resource for a message.
func (p *physical) describe() string { return p.home + " " + p.node.ID + " (" + p.node.Type + ")" }

// protectedBy is the property that keeps a resource of a type from being deleted.
var protectedBy = map[string]string{
	"AWS::RDS::DBInstance": "DeletionProtection",
	"AWS::RDS::DBCluster":  "DeletionProtection",
	"AWS::DynamoDB::Table": "DeletionProtectionEnabled",
	"AWS::Logs::LogGroup":  "DeletionProtectionEnabled",
	loadBalancer:           "deletion_protection.enabled",
}

// protection returns the name of the protection that is on, "" if none is.
func (c *change) protection(p *physical) string {
	property := protectedBy[p.node.Type]
	if property == "" || p.unprotected {
		return ""
	}
	if p.node.Type == loadBalancer {
		attributes, _ := p.at("LoadBalancerAttributes").([]any)
		for _, attribute := range attributes {
			pair, _ := attribute.(map[string]any)
			if pair["Key"] == property && fmt.Sprint(pair["Value"]) == "true" {
				return property
			}
		}
		return ""
	}
	if p.text(property) == "true" {
		return property
	}
	return ""
}
