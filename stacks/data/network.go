package data

import (
	"dozen/config"
	"dozen/stacks/nag"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// maxZones reserves address space for a third zone from the start: adding it later moves no subnet.
const maxZones = 3

// vpc is the network of one environment: public subnets for the load balancer, private ones for tasks, and isolated ones
// without any route to the internet for the database and the cache.
type vpc struct {
	constructs.Construct
	vpc     awsec2.IVpc
	tasks   awsec2.SubnetType      // of the subnets where tasks run
	servers awsec2.SubnetType      // of the subnets where the database and the cache run
	guard   constructs.IDependable // what the servers wait for; nil if the VPC does
}

// newNetwork makes or attaches the environment's network. Nothing in it begins to change before the guard allows it.
func newNetwork(scope constructs.Construct, id string, e config.Environment, guard constructs.IDependable) *vpc {
	if existing := e.Network.Existing; existing != nil {
		return attachVPC(scope, id, *existing, guard)
	}
	v := newVPC(scope, id, e)
	v.vpc.Node().DefaultChild().(constructs.Construct).Node().AddDependency(guard)
	return v
}

// enter makes a server wait for the guard, if it does not wait for the network, which does.
func (v *vpc) enter(server constructs.Construct) {
	if v.guard != nil {
		server.Node().AddDependency(v.guard)
	}
}

// newVPC makes the network. Nothing is looked up: the zones are named or are the region's first ones.
func newVPC(scope constructs.Construct, id string, e config.Environment) *vpc {
	this := constructs.NewConstruct(scope, jsii.String(id))
	n := e.Network
	v := &vpc{Construct: this, tasks: awsec2.SubnetType_PRIVATE_WITH_EGRESS, servers: awsec2.SubnetType_PRIVATE_ISOLATED}
	if n.NAT == config.NATNone {
		v.tasks = awsec2.SubnetType_PUBLIC
	}
	v.vpc = awsec2.NewVpc(this, jsii.String("Vpc"), &awsec2.VpcProps{
		IpAddresses:         awsec2.IpAddresses_Cidr(jsii.String(n.CIDR)),
		AvailabilityZones:   zones(n),
		ReservedAzs:         jsii.Number(maxZones - n.Zones),
		NatGateways:         jsii.Number(natGateways(n)),
		SubnetConfiguration: subnets(),
		GatewayEndpoints: &map[string]*awsec2.GatewayVpcEndpointOptions{
			"S3": {Service: awsec2.GatewayVpcEndpointAwsService_S3()},
		},
	})
	if n.NAT == config.NATInstance {
		v.addNATInstance(n)
	}
	v.addEndpoints(n)
	if n.FlowLogs {
		v.addFlowLogs(e)
	} else {
		nag.Acknowledge(v.vpc, nag.NotFlowLogged)
	}
	return v
}

// exported is what other stacks see of the network.
func (v *vpc) exported() Network {
	return Network{VPC: v.vpc, TaskSubnets: v.taskSubnets(), PublicAddresses: v.tasks == awsec2.SubnetType_PUBLIC}
}

// taskSubnets is where tasks run.
func (v *vpc) taskSubnets() *awsec2.SubnetSelection {
	return &awsec2.SubnetSelection{SubnetType: v.tasks}
}

// serverSubnets is where the database and the cache run.
func (v *vpc) serverSubnets() *awsec2.SubnetSelection {
	return &awsec2.SubnetSelection{SubnetType: v.servers}
}

func zones(n config.Network) *[]*string {
	names := make([]*string, n.Zones)
	for i := range names {
		names[i] = awscdk.Fn_Select(jsii.Number(i), awscdk.Fn_GetAzs(jsii.String("")))
		if len(n.ZoneNames) > 0 {
			names[i] = jsii.String(n.ZoneNames[i])
		}
	}
	return &names
}

// subnets are the same with every NAT: without one the private subnets are empty, which costs nothing. Deleting them would cut off
// the tasks of the release before, which still run there.
func subnets() *[]*awsec2.SubnetConfiguration {
	return &[]*awsec2.SubnetConfiguration{
		{Name: jsii.String("public"), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(false)},
		{Name: jsii.String("private"), SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS},
		{Name: jsii.String("isolated"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
	}
}

// addEndpoints makes the interface endpoints, behind one group that admits this network. The group names the network by its
// CIDR and not, as the construct library would, by a token that cdk-nag cannot read.
func (v *vpc) addEndpoints(n config.Network) {
	if len(n.Endpoints) == 0 {
		return
	}
	group := awsec2.NewSecurityGroup(v.Construct, jsii.String("Endpoints"), &awsec2.SecurityGroupProps{
		Vpc: v.vpc, Description: jsii.String("Interface endpoints"), AllowAllOutbound: jsii.Bool(false),
	})
	group.AddIngressRule(awsec2.Peer_Ipv4(jsii.String(n.CIDR)), awsec2.Port_Tcp(jsii.Number(443)), jsii.String("This network"), nil)
	for _, name := range n.Endpoints {
		v.vpc.AddInterfaceEndpoint(jsii.String("Endpoint-"+name), &awsec2.InterfaceVpcEndpointOptions{
			Service:        awsec2.NewInterfaceVpcEndpointAwsService(jsii.String(name), nil, nil, nil),
			Subnets:        &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS}, // in every mode: they never move
			SecurityGroups: &[]awsec2.ISecurityGroup{group},
			Open:           jsii.Bool(false),
		})
	}
}

func (v *vpc) addFlowLogs(e config.Environment) {
	group := retention.NewLogGroup(v.Construct, "FlowLogs", e)
	v.vpc.AddFlowLog(jsii.String("FlowLog"), &awsec2.FlowLogOptions{
		Destination: awsec2.FlowLogDestination_ToCloudWatchLogs(group, nil),
	})
}
