package data

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"
)

// natGateways returns how many NAT gateways a network has.
func natGateways(n config.Network) int {
	switch n.NAT {
	case config.NATPerZone:
		return n.Zones
	case config.NATSingle:
		return 1
	}
	return 0
}

// addNATInstance makes an instance the way to the internet of every private subnet. The routes wait until it works: a network
// that had a gateway before keeps it until then. They have the ids of the routes to a gateway, so that either becomes the
// other in place.
func (v *vpc) addNATInstance(n config.Network) {
	instance := newNATInstance(v.Construct, "NAT", n, v.vpc)
	for _, private := range *v.vpc.PrivateSubnets() {
		route := awsec2.NewCfnRoute(private.(awsec2.PrivateSubnet), jsii.String("DefaultRoute"), &awsec2.CfnRouteProps{
			RouteTableId:         private.RouteTable().RouteTableId(),
			DestinationCidrBlock: jsii.String("0.0.0.0/0"),
			NetworkInterfaceId:   instance.face.Ref(),
		})
		route.Node().AddDependency(instance.group)
	}
}
