package cloudformation

import (
	"fmt"
	"slices"
)

// users returns the live resources because of which AWS does not delete a resource, or which would break if it did.
func (c *change) users(p *physical) []*physical {
	kinds := refusedFor[p.node.Type]
	special := p.node.Type == capacityProviders || p.node.Type == gatewayAttachment || p.node.Type == iamPolicy
	if kinds == nil && !special {
		return nil
	}
	var all []*physical
	for _, other := range c.sorted() {
		if other == p {
			continue
		}
		uses := slices.Contains(kinds, other.node.Type) && slices.Contains(other.uses, p.number)
		switch p.node.Type {
		case capacityProviders:
			uses = c.namesProvider(other, p)
		case gatewayAttachment:
			uses = public(other) && slices.Contains(c.networks(other), p.text("VpcId"))
		case iamPolicy:
			uses = c.shareRole(other, p)
		case "AWS::EC2::SecurityGroup":
			uses = uses || peerOf(other, p)
		}
		if uses {
			all = append(all, other)
		}
	}
	return all
}

// namesProvider reports whether a service takes its capacity from the providers of an association.
func (c *change) namesProvider(service, association *physical) bool {
	return service.node.Type == ecsService && service.at("CapacityProviderStrategy.CapacityProvider") != nil &&
		service.text("Cluster") == association.text("Cluster")
}

// peerOf reports whether a rule of another group names a group as its source or destination.
func peerOf(rule, group *physical) bool {
	if !securityGroupRule(rule.node.Type) {
		return false
	}
	id := group.attribute("GroupId")
	return rule.text("GroupId") != id && (rule.text("SourceSecurityGroupId") == id || rule.text("DestinationSecurityGroupId") == id)
}

// public reports whether a resource holds a public address.
func public(p *physical) bool {
	switch p.node.Type {
	case natGateway:
		return true
	case loadBalancer:
		return p.text("Scheme") == "internet-facing"
	case ecsService:
		return p.text("NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp") == "ENABLED"
	case "AWS::EC2::Instance":
		return fmt.Sprint(p.at("NetworkInterfaces.AssociatePublicIpAddress")) == "[true]"
	}
	return false
}

// networks returns the VPCs of a resource: its own, or those of its subnets.
func (c *change) networks(p *physical) []string {
	if vpc := p.text("VpcId"); vpc != "" {
		return []string{vpc}
	}
	var all []string
	for _, other := range c.used(p) {
		if vpc := other.text("VpcId"); other.node.Type == subnet && !slices.Contains(all, vpc) {
			all = append(all, vpc)
		}
	}
	return all
}

// roles returns the numbers of the roles with which a resource acts: those of its task definition, and its function's.
func (c *change) roles(p *physical) []int {
	var numbers []int
	add := func(used []*physical) {
		for _, other := range used {
			if other.node.Type == iamRole {
				numbers = append(numbers, other.number)
			}
		}
	}
	if definition := c.definition(p); definition != nil {
		add(c.used(p))
		add(c.used(definition))
	}
	if custom(p.node.Type) {
		for _, other := range c.used(p) {
			if other.node.Type == lambdaFunction {
				add(c.used(other))
			}
		}
	}
	return numbers
}

func (c *change) shareRole(p, policy *physical) bool {
	return slices.ContainsFunc(c.roles(p), func(role int) bool { return slices.Contains(policy.uses, role) })
}

// needs checks what must exist before a resource works. Only what always fails is an error: the rest may succeed by luck, and
// is a violation.
func (c *change) needs(p *physical) error {
	if token := p.text("ServiceToken"); custom(p.node.Type) {
		if numbers := c.numbersIn(token); len(numbers) == 0 || c.live[numbers[0]] == nil {
			return fmt.Errorf("%s %s: its function %s does not exist", c.stack.name, p.node.ID, token)
		}
	}
	if c.phase != Creating && c.phase != Updating {
		return nil
	}
	if p.node.Type == ecsService && p.at("CapacityProviderStrategy.CapacityProvider") != nil {
		c.require(p, capacityProviders, func(other *physical) bool { return c.namesProvider(p, other) })
	}
	if public(p) {
		c.require(p, gatewayAttachment, func(other *physical) bool { return slices.Contains(c.networks(p), other.text("VpcId")) })
	}
	c.requirePolicies(p)
	return nil
}

// require records a violation unless a fitting resource of a type works.
func (c *change) require(p *physical, resourceType string, fits func(*physical) bool) {
	for _, other := range c.live {
		if other.node.Type == resourceType && other.works && fits(other) {
			return
		}
	}
	c.violate(InUse, "overtakes "+resourceType, p, "begins, and nothing made it wait for the %s that it uses", resourceType)
}

// requirePolicies records a violation for each policy of the template that a resource acts with and that is not there yet.
func (c *change) requirePolicies(p *physical) {
	roles := c.roles(p)
	if len(roles) == 0 {
		return
	}
	for _, number := range roles {
		role := c.live[number]
		if role.home != c.stack.name {
			continue
		}
		for _, id := range c.target.policies[role.node.ID] {
			if policy := c.stack.resources[id]; policy == nil || !policy.works {
				c.violate(InUse, "overtakes its policies", p, "begins, and nothing made it wait for the policy %s of its role", id)
			}
		}
	}
}
