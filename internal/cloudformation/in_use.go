package cloudformation

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"dozen/internal/gate"
)

// ErrRefused is the error of a deployment that changes a lasting setting unconfirmed.
var ErrRefused = errors.New("refused")

// inUse reports whether AWS does not delete a resource because of another one, or whether that one would break if it did.
func (c *change) inUse(p, other *physical) bool {
	if slices.Contains(refusedFor[p.Type], other.Type) && slices.Contains(other.uses, p.number) {
		return p != other && !other.excused()
	}
	switch p.Type {
	case capacityProviders:
		return namesProvider(other, p)
	case iamPolicy: // a service without its permissions; a function that cannot answer
		own := c.numbersIn(p.text("Roles"))
		return slices.ContainsFunc(c.roles(other), func(r *physical) bool { return slices.Contains(own, r.number) })
	case securityGroup: // named by a rule of another group
		id := p.attribute("GroupId")
		return strings.HasPrefix(other.Type, securityGroup) && other.text("GroupId") != id &&
			(other.text("SourceSecurityGroupId") == id || other.text("DestinationSecurityGroupId") == id)
	}
	return false
}

// namesProvider reports whether a service takes its capacity from the providers of an association.
func namesProvider(service, association *physical) bool {
	return association.Type == capacityProviders && service.Type == ecsService &&
		service.at("CapacityProviderStrategy.CapacityProvider") != nil && service.text("Cluster") == association.text("Cluster")
}

// networks returns the VPCs of the subnets that a resource names.
func (c *change) networks(p *physical) []string {
	var all []string
	for _, other := range c.used(p, subnet) {
		all = append(all, other.text("VpcId"))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// function returns the Lambda function behind a custom resource, nil if it is gone.
func (c *change) function(p *physical) *physical {
	if numbers := c.numbersIn(p.text("ServiceToken")); len(numbers) > 0 {
		return c.live[numbers[0]]
	}
	return nil
}

// roles returns the roles with which a resource acts: its own, those of its task definition, and its function's.
func (c *change) roles(p *physical) []*physical {
	var all []*physical
	if function := c.function(p); function != nil {
		all = c.used(function, iamRole)
	}
	if definition := c.definition(p); definition != nil {
		all = slices.Concat(all, c.used(p, iamRole), c.used(definition, iamRole))
	}
	return all
}

// needs checks what must be there before a resource works. Only what always fails is an error. The rest may succeed by luck,
// and is a violation.
func (c *change) needs(p *physical, before physical) error {
	if custom(p.Type) && c.function(p) == nil {
		return fmt.Errorf("%s: its function does not exist", p)
	}
	if p.Type == gate.LastingType && before.node != nil && c.phase == Updating {
		now, _ := p.at("").(map[string]any)
		was, _ := before.at("").(map[string]any)
		if reason := gate.RefusedChange(was, now); reason != "" {
			return fmt.Errorf("%w: %s", ErrRefused, reason)
		}
	}
	if strings.HasSuffix(p.Type, "SubnetGroup") && before.node != nil && !slices.Equal(c.networks(&before), c.networks(p)) {
		return fmt.Errorf("%s: the new subnets are not in the same VPC", p)
	}
	if c.phase != Creating && c.phase != Updating {
		return nil
	}
	if p.Type == ecsService && p.at("CapacityProviderStrategy.CapacityProvider") != nil {
		c.require(p, capacityProviders, func(other *physical) bool { return namesProvider(p, other) })
	}
	for _, role := range c.roles(p) {
		for _, id := range c.target.policies[role.ID] {
			c.require(p, "policies", func(other *physical) bool { return other == c.stack.resources[id] })
		}
	}
	return nil
}

// require records a violation unless a fitting resource works.
func (c *change) require(p *physical, what string, fits func(*physical) bool) {
	if c.first(func(other *physical) bool { return other.works && fits(other) }) == nil {
		c.violate(InUse, "overtakes "+what, p, "begins, and nothing made it wait for the %s that it uses", what)
	}
}
