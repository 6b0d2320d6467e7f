package cloudformation

import (
	"slices"
	"strings"
)

// keepsData reports whether a resource holds what nobody can make again. A cache does not; a login does if it is a
// database's, and so does a signing key.
func keepsData(p *physical) bool {
	switch p.Type {
	case bucket, "AWS::DynamoDB::Table", "AWS::SQS::Queue":
		return true
	case "AWS::Logs::LogGroup": // one with a name of ours is a function's, and would be in the way of its successor
		return p.text("LogGroupName") == ""
	case "AWS::RDS::DBInstance":
		return p.text("DBClusterIdentifier") == ""
	case secret: // one that AWS generates is a login if it has a user's name next to it, and a signing key otherwise
		return p.login || p.at("GenerateSecretString") != nil && p.text("GenerateSecretString.GenerateStringKey") == ""
	}
	return database(p.Type)
}

// confirmed reports whether the settings give up the data of a type.
func (a *Account) confirmed(resourceType string) bool {
	return slices.ContainsFunc(a.command.options.Confirmed, func(begin string) bool { return strings.HasPrefix(resourceType, begin) })
}

// checkRemoval holds I2 when a resource is about to go, under the policy that applies, and I4 for what running tasks use.
func (c *change) checkRemoval(p *physical, policy string) {
	if !p.settled || c.confirmed(p.Type) {
		return
	}
	if policy != "Retain" && backing(p.Type) {
		service := c.first(func(other *physical) bool {
			definition := c.definition(other)
			return other.Type == ecsService && definition != nil && slices.Contains(definition.uses, p.number)
		})
		if service != nil {
			c.violate(InUse, "deleted under running tasks", p, "is deleted while %s, and tasks of %s work with it", c.phase, service)
		}
	}
	replaced := slices.Contains(c.replaced, p)
	switch {
	case c.command.options.Removable || !keepsData(p):
	case c.phase == CleaningUp && replaced:
		c.violate(Kept, "replaced", p, "is replaced by an empty one; the policy for its data is %s", policy)
	case c.phase == CleaningUp && policy != "Retain":
		c.violate(Kept, "removed", p, "is removed by an update; the policy for its data is %s", policy)
	case policy == "Delete":
		c.violate(Kept, "deleted", p, "is deleted with its data while %s", c.phase)
	}
}

// checkServed holds I2 for a service that begins to work on another database than before.
func (c *change) checkServed(definition *physical) {
	for _, number := range definition.uses {
		now := c.live[number]
		if now == nil || !database(now.Type) {
			continue
		}
		before := c.served[c.command.environment]
		c.served[c.command.environment] = number
		restored := now.text("DBSnapshotIdentifier")+now.text("SnapshotIdentifier") != ""
		if before != 0 && before != number && !restored && c.phase == Updating && !now.confirmed {
			c.violate(Kept, "empty database", now, "is EMPTY, and services begin to work on it instead of the one before")
		}
	}
}
