package data

import (
	"dozen/config"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"
)

// natProvider returns what makes the NAT gateways or instances, nil for gateways, and how many there are.
func natProvider(n config.Network) (provider awsec2.NatProvider, gateways int) {
	switch n.NAT {
	case config.NATPerZone:
		return nil, n.Zones
	case config.NATSingle:
		return nil, 1
	case config.NATInstance:
		return awsec2.NatProvider_InstanceV2(&awsec2.NatInstanceProps{
			InstanceType:          awsec2.InstanceType_Of(awsec2.InstanceClass_T4G, awsec2.InstanceSize_NANO),
			DefaultAllowedTraffic: awsec2.NatTrafficDirection_OUTBOUND_ONLY,
			CreditSpecification:   awsec2.CpuCredits_STANDARD,
			// Public subnets assign no addresses by themselves, so that nothing gets one by accident.
			AssociatePublicIpAddress: jsii.Bool(true),
		}), 1
	}
	return nil, 0
}

// secureNATInstances lets only this network through and encrypts the disks.
func secureNATInstances(instances awsec2.NatInstanceProviderV2, cidr string) {
	instances.Connections().AllowFrom(
		awsec2.Peer_Ipv4(jsii.String(cidr)), awsec2.Port_AllTraffic(), jsii.String("Outbound traffic of this network"))
	for _, gateway := range *instances.GatewayInstances() {
		encryptDisk(gateway.Node().DefaultChild().(awsec2.CfnInstance))
		nag.Acknowledge(gateway, nag.NATInstance)
	}
}

// encryptDisk sets what the provider of NAT instances has no property for.
func encryptDisk(instance awsec2.CfnInstance) {
	instance.SetBlockDeviceMappings(&[]any{&awsec2.CfnInstance_BlockDeviceMappingProperty{
		DeviceName: jsii.String("/dev/xvda"),
		Ebs:        &awsec2.CfnInstance_EbsProperty{Encrypted: true, VolumeType: jsii.String("gp3")},
	}})
}
