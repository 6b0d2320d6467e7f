package cloudformation

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// uniqueWithin are sets of properties that no two resources of a type may share while both exist, besides the identifiers of
// the schemas. A set counts if its first property is given.
var uniqueWithin = map[string][][]string{
	"AWS::ElasticLoadBalancingV2::Listener":     {{"LoadBalancerArn", "Port"}},
	"AWS::ElasticLoadBalancingV2::ListenerRule": {{"ListenerArn", "Priority"}},
	"AWS::ElasticLoadBalancingV2::TargetGroup":  {{"Name"}},
	loadBalancer:                            {{"Name"}},
	"AWS::EC2::SubnetRouteTableAssociation": {{"SubnetId"}},
	"AWS::EC2::Route":                       {{"RouteTableId", "DestinationCidrBlock"}},
	"AWS::EC2::SecurityGroup":               {{"GroupName", "VpcId"}},
	"AWS::EC2::SecurityGroupIngress": {
		{"GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId"},
	},
	"AWS::EC2::SecurityGroupEgress": {
		{"GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "DestinationSecurityGroupId", "DestinationPrefixListId"},
	},
	"AWS::EC2::NatGateway":                        {{"AllocationId"}},
	"AWS::EC2::NetworkInterface":                  {{"PrivateIpAddress", "SubnetId"}},
	"AWS::EC2::VPCEndpoint":                       {{"ServiceName", "VpcId"}},
	"AWS::EC2::VPCGatewayAttachment":              {{"VpcId"}},
	"AWS::IAM::Policy":                            {{"PolicyName", "Roles"}},
	"AWS::ApplicationAutoScaling::ScalingPolicy":  {{"PolicyName", "ScalingTargetId"}},
	"AWS::Route53::RecordSet":                     {{"Name", "Type", "HostedZoneId", "HostedZoneName", "SetIdentifier"}},
	"AWS::SecretsManager::Secret":                 {{"Name"}},
	"AWS::SecretsManager::SecretTargetAttachment": {{"SecretId"}},
	"AWS::SecretsManager::RotationSchedule":       {{"SecretId"}},
	"AWS::SecretsManager::ResourcePolicy":         {{"SecretId"}},
	"AWS::SNS::Topic":                             {{"TopicName"}},
	"AWS::SNS::TopicPolicy":                       {{"Topics"}},
	"AWS::SQS::Queue":                             {{"QueueName"}},
	"AWS::SQS::QueuePolicy":                       {{"Queues"}},
	"AWS::StepFunctions::StateMachine":            {{"StateMachineName"}},
	"AWS::Budgets::Budget":                        {{"Budget.BudgetName"}},
}

// claim takes what must be unique for a resource. A thing that exists already is a violation, and AWS's error.
func (c *change) claim(p *physical) error {
	keys := p.uniqueKeys()
	for _, key := range keys {
		if other := c.live[c.unique[key]]; other != nil && other != p {
			c.violate(Unique, "second", p, "would be the second with %s: %s has it", key, other.describe())
			return fmt.Errorf("%s %s: %s already exists", c.stack.name, p.node.ID, key)
		}
	}
	if other := c.overlapping(p); other != nil {
		c.violate(Unique, "overlap", p, "CIDR %s overlaps that of %s", p.text("CidrBlock"), other.describe())
		return fmt.Errorf("%s %s: CIDR conflicts with %s", c.stack.name, p.node.ID, other.describe())
	}
	c.release(p)
	p.keys = keys
	for _, key := range keys {
		c.unique[key] = p.number
	}
	return nil
}

// release gives back what is unique.
func (c *change) release(p *physical) {
	for _, key := range p.keys {
		if c.unique[key] == p.number {
			delete(c.unique, key)
		}
	}
	p.keys = nil
}

// uniqueKeys returns what no other resource may have: type, properties and their values.
func (p *physical) uniqueKeys() []string {
	var keys []string
	add := func(paths []string, all bool) {
		parts := make([]string, len(paths))
		for i, path := range paths {
			value := p.at(path)
			if value == nil && (all || i == 0) {
				return
			}
			if value != nil {
				parts[i] = fmt.Sprint(value)
			}
		}
		keys = append(keys, fmt.Sprintf("%s %s %s", p.node.Type, strings.Join(paths, ","), strings.Join(parts, "|")))
	}
	if identifier := schemas[p.node.Type].identifier; len(identifier) > 0 {
		add(identifier, true)
	}
	for _, paths := range uniqueWithin[p.node.Type] {
		add(paths, false)
	}
	return keys
}

// overlapping returns a live subnet of the same network whose addresses a subnet would share, nil if there is none.
func (c *change) overlapping(p *physical) *physical {
	if p.node.Type != subnet {
		return nil
	}
	block, err := netip.ParsePrefix(p.text("CidrBlock"))
	if err != nil {
		return nil
	}
	for _, other := range c.sorted() {
		if other == p || other.node.Type != subnet || !slices.Equal(c.networks(p), c.networks(other)) {
			continue
		}
		if theirs, err := netip.ParsePrefix(other.text("CidrBlock")); err == nil && theirs.Overlaps(block) {
			return other
		}
	}
	return nil
}
