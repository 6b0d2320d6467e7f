package cloudformation

import (
	"fmt"
	"strings"
)

// uniqueWithin are properties that no two resources of a type may share while both exist, in addition to the identifiers of the
// schemas. They count if the first one is given.
var uniqueWithin = map[string]string{
	"AWS::ApplicationAutoScaling::ScalingPolicy":  "PolicyName ScalingTargetId",
	"AWS::Budgets::Budget":                        "Budget.BudgetName",
	"AWS::EC2::NatGateway":                        "AllocationId",
	"AWS::EC2::NetworkInterface":                  "PrivateIpAddress SubnetId",
	"AWS::EC2::Route":                             "RouteTableId DestinationCidrBlock",
	"AWS::EC2::SecurityGroup":                     "GroupName VpcId",
	"AWS::EC2::SecurityGroupEgress":               "GroupId IpProtocol FromPort ToPort CidrIp CidrIpv6 DestinationSecurityGroupId",
	"AWS::EC2::SecurityGroupIngress":              "GroupId IpProtocol FromPort ToPort CidrIp CidrIpv6 SourceSecurityGroupId",
	"AWS::EC2::Subnet":                            "CidrBlock VpcId",
	"AWS::EC2::SubnetRouteTableAssociation":       "SubnetId",
	"AWS::EC2::VPCEndpoint":                       "ServiceName VpcId",
	"AWS::EC2::VPCGatewayAttachment":              "VpcId",
	"AWS::ElasticLoadBalancingV2::Listener":       "LoadBalancerArn Port",
	"AWS::ElasticLoadBalancingV2::ListenerRule":   "ListenerArn Priority",
	"AWS::ElasticLoadBalancingV2::LoadBalancer":   "Name",
	"AWS::ElasticLoadBalancingV2::TargetGroup":    "Name",
	"AWS::IAM::Policy":                            "PolicyName Roles",
	"AWS::Route53::RecordSet":                     "Name Type HostedZoneId HostedZoneName SetIdentifier",
	"AWS::SecretsManager::ResourcePolicy":         "SecretId",
	"AWS::SecretsManager::RotationSchedule":       "SecretId",
	"AWS::SecretsManager::Secret":                 "Name",
	"AWS::SecretsManager::SecretTargetAttachment": "SecretId",
	"AWS::SNS::Topic":                             "TopicName",
	"AWS::SNS::TopicPolicy":                       "Topics",
	"AWS::SQS::Queue":                             "QueueName",
	"AWS::SQS::QueuePolicy":                       "Queues",
	"AWS::StepFunctions::StateMachine":            "StateMachineName",
}

// claim takes what must be unique for a resource. What exists already is a violation, and AWS's error.
func (c *change) claim(p *physical) error {
	c.release(p)
	p.keys = p.uniqueKeys()
	for _, key := range p.keys {
		if other := c.live[c.unique[key]]; other != nil && other != p && !other.excused() {
			c.violate(Unique, "second", p, "would be the second with %s: %s has it", key, other)
			return fmt.Errorf("%s %s: %s already exists", c.stack.name, p.ID, key)
		}
	}
	c.hold(p)
	return nil
}

// hold notes that a resource has what must be unique, release that it has it no longer.
func (c *change) hold(p *physical) {
	for _, key := range p.keys {
		c.unique[key] = p.number
	}
}

func (c *change) release(p *physical) {
	for _, key := range p.keys {
		if c.unique[key] == p.number {
			delete(c.unique, key)
		}
	}
}

// uniqueKeys returns what no other resource may have: type, properties and their values.
func (p *physical) uniqueKeys() []string {
	var keys []string
	for i, paths := range [][]string{schemas[p.Type].identifier, strings.Fields(uniqueWithin[p.Type])} {
		key, given := p.Type, len(paths) > 0
		for j, path := range paths {
			value := p.text(path)
			given = given && (value != "" || i == 1 && j > 0)
			key += " " + path + "=" + value
		}
		if given {
			keys = append(keys, key)
		}
	}
	return keys
}
