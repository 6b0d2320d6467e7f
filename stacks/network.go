package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// mostZones reserves address space for a third zone from the start: adding it later moves no subnet.
const mostZones = 3

// VPC is the network of one environment: public subnets for the load balancer, private ones for tasks, isolated ones
// without any route out for the database and the cache.
type VPC struct {
	constructs.Construct
	vpc   awsec2.Vpc
	tasks awsec2.SubnetType
}

// NewVPC makes the network. Nothing is looked up: the zones are named or are the region's first ones.
func NewVPC(scope constructs.Construct, id string, e Environment) *VPC {
	this := constructs.NewConstruct(scope, jsii.String(id))
	n := e.Network
	provider, gateways := n.nat()
	v := &VPC{Construct: this, tasks: awsec2.SubnetType_PRIVATE_WITH_EGRESS}
	if n.NAT == NATNone {
		v.tasks = awsec2.SubnetType_PUBLIC
	}
	v.vpc = awsec2.NewVpc(this, jsii.String("Vpc"), &awsec2.VpcProps{
		IpAddresses:         awsec2.IpAddresses_Cidr(jsii.String(n.CIDR)),
		AvailabilityZones:   n.zones(),
		ReservedAzs:         jsii.Number(mostZones - n.Zones),
		NatGateways:         jsii.Number(gateways),
		NatGatewayProvider:  provider,
		SubnetConfiguration: n.subnets(),
		GatewayEndpoints: &map[string]*awsec2.GatewayVpcEndpointOptions{
			"S3": {Service: awsec2.GatewayVpcEndpointAwsService_S3()},
		},
	})
	if instances, ok := provider.(awsec2.NatInstanceProviderV2); ok {
		instances.Connections().AllowFrom(awsec2.Peer_Ipv4(jsii.String(n.CIDR)), awsec2.Port_AllTraffic(), jsii.String("Outbound traffic of this network"))
		for _, gateway := range *instances.GatewayInstances() {
			encryptDisk(gateway.Node().DefaultChild().(awsec2.CfnInstance))
			acknowledge(gateway, natInstance)
		}
	}
	for _, name := range n.Endpoints {
		v.addEndpoint(name)
	}
	if n.FlowLogs {
		v.addFlowLogs(e)
	} else {
		acknowledge(v.vpc, smallEnvironment)
	}
	return v
}

// taskSubnets is where tasks run.
func (v *VPC) taskSubnets() *awsec2.SubnetSelection {
	return &awsec2.SubnetSelection{SubnetType: v.tasks}
}

// isolatedSubnets is where data lives.
func (v *VPC) isolatedSubnets() *awsec2.SubnetSelection {
	return &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED}
}

// publicAddresses tells whether tasks need one to reach the internet.
func (v *VPC) publicAddresses() bool { return v.tasks == awsec2.SubnetType_PUBLIC }

func (n Network) zones() *[]*string {
	zones := make([]*string, n.Zones)
	for i := range zones {
		zones[i] = awscdk.Fn_Select(jsii.Number(i), awscdk.Fn_GetAzs(jsii.String("")))
		if len(n.ZoneNames) > 0 {
			zones[i] = jsii.String(n.ZoneNames[i])
		}
	}
	return &zones
}

func (n Network) nat() (provider awsec2.NatProvider, gateways int) {
	switch n.NAT {
	case NATPerZone:
		return nil, n.Zones
	case NATSingle:
		return nil, 1
	case NATInstance:
		return awsec2.NatProvider_InstanceV2(&awsec2.NatInstanceProps{
			InstanceType:          awsec2.InstanceType_Of(awsec2.InstanceClass_T4G, awsec2.InstanceSize_NANO),
			DefaultAllowedTraffic: awsec2.NatTrafficDirection_OUTBOUND_ONLY,
			CreditSpecification:   awsec2.CpuCredits_STANDARD,
			// Public subnets give no addresses by themselves, so that nothing gets one by accident.
			AssociatePublicIpAddress: jsii.Bool(true),
		}), 1
	}
	return nil, 0
}

// encryptDisk does what the provider of NAT instances has no property for.
func encryptDisk(instance awsec2.CfnInstance) {
	instance.SetBlockDeviceMappings(&[]any{&awsec2.CfnInstance_BlockDeviceMappingProperty{
		DeviceName: jsii.String("/dev/xvda"),
		Ebs:        &awsec2.CfnInstance_EbsProperty{Encrypted: true, VolumeType: jsii.String("gp3")},
	}})
}

func (n Network) subnets() *[]*awsec2.SubnetConfiguration {
	groups := []*awsec2.SubnetConfiguration{
		{Name: jsii.String("public"), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(false)},
		{Name: jsii.String("private"), SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS},
		{Name: jsii.String("isolated"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
	}
	if n.NAT == NATNone {
		groups[1].Reserved = jsii.Bool(true)
	}
	return &groups
}

func (v *VPC) addEndpoint(name string) {
	v.vpc.AddInterfaceEndpoint(jsii.String("Endpoint-"+name), &awsec2.InterfaceVpcEndpointOptions{
		Service: awsec2.NewInterfaceVpcEndpointAwsService(jsii.String(name), nil, nil, nil),
		Subnets: v.taskSubnets(),
	})
}

func (v *VPC) addFlowLogs(e Environment) {
	group := newLogGroup(v.Construct, "FlowLogs", e)
	v.vpc.AddFlowLog(jsii.String("FlowLog"), &awsec2.FlowLogOptions{
		Destination: awsec2.FlowLogDestination_ToCloudWatchLogs(group, nil),
	})
}
