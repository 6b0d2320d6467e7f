package cloudformation

import (
	"slices"
	"strings"
)

// keepsData reports whether a resource holds what nobody can make again. A cache does not; a login does if it is a
// database's.
func (c *change) keepsData(p *physical) bool {
	switch p.node.Type {
	case bucket, "AWS::DynamoDB::Table", "AWS::SQS::Queue", logGroup:
		return true
	case "AWS::RDS::DBInstance":
		return p.text("DBClusterIdentifier") == ""
	case secret:
		return slices.ContainsFunc(c.sorted(), func(other *physical) bool {
			return database(other.node.Type) && slices.Contains(other.uses, p.number)
		})
	}
	return database(p.node.Type)
}

// confirmed reports whether the settings give up the data of a type.
func (a *Account) confirmed(resourceType string) bool {
	return slices.ContainsFunc(a.command.options.Confirmed, func(prefix string) bool { return strings.HasPrefix(resourceType, prefix) })
}

// checkRemoval holds I2 when a resource is about to go, under the policy that applies; and I4 for what running tasks use.
func (c *change) checkRemoval(p *physical, policy string) {
	if !p.settled || c.confirmed(p.node.Type) {
		return
	}
	if policy != "Retain" && backing(p.node.Type) {
		if service := c.running(p); service != nil {
			c.violate(InUse, "deleted under running tasks", p, "is deleted while %s, and tasks of %s work with it", c.phase, service.describe())
		}
	}
	if c.command.options.Removable || !c.keepsData(p) {
		return
	}
	replaced := slices.Contains(c.replaced, p)
	switch {
	case policy == "Retain" && !replaced:
	case c.phase == CleaningUp && replaced:
		c.violate(Kept, "replaced", p, "is replaced by a new one; the policy for its data is %s", policy)
	case c.phase == CleaningUp:
		c.violate(Kept, "removed", p, "is removed by an update; the policy for its data is %s", policy)
	case policy == "Delete":
		c.violate(Kept, "deleted", p, "is deleted with its data while %s", c.phase)
	}
}

// running returns a service whose tasks work with a resource, nil if there is none.
func (c *change) running(p *physical) *physical {
	for _, service := range c.sorted() {
		if service.node.Type != ecsService {
			continue
		}
		if definition := c.definition(service); definition != nil && slices.Contains(definition.uses, p.number) {
			return service
		}
	}
	return nil
}

// checkServed holds I2 for a service that starts to work on another database than before.
func (c *change) checkServed(definition *physical) {
	for _, number := range definition.uses {
		now := c.live[number]
		if now == nil || !database(now.node.Type) {
			continue
		}
		before := c.served[c.command.environment]
		c.served[c.command.environment] = number
		restored := now.text("DBSnapshotIdentifier")+now.text("SnapshotIdentifier") != ""
		if before != 0 && before != number && !restored && c.phase == Updating && !c.confirmed(now.node.Type) {
			c.violate(Kept, "empty database", now, "is EMPTY, and services begin to work on it instead of the one before")
		}
	}
}

// empty does what the deletion of a resource does to others.
func (c *change) empty(p *physical) {
	if strings.HasPrefix(p.node.Type, "Custom::S3AutoDelete") {
		for _, other := range c.used(p) {
			other.objects = false
		}
	}
	if c.phase == Deleting && c.served[p.environment] == p.number {
		delete(c.served, p.environment) // a person has asked for this
	}
}
