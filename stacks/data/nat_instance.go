package data

import (
	_ "embed"
	"net/netip"

	"dozen/config"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// natImage is read by EC2 whenever a machine starts, and not by CloudFormation: no deployment replaces the machine because AWS
// has published another image.
const natImage = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

// natTimeout is how long a deployment waits for a new machine. It needs one to two minutes; natSetup gives up after four.
const natTimeout = "PT10M"

//go:embed nat_instance.sh
var natSetup string

// natInstance is a NAT of our own: an auto scaling group of one machine behind a network interface that stays.
//
//	private subnets --routes--> interface, Elastic IP <--attached at its start-- machine, replaced by the group
//
// The launch template names the interface, so the machine gets it without any permission. AWS describes this for groups of
// one, which have a zone instead of subnets. A new machine can start only when the old one has let go of the interface: the
// group stops first, and tries until the start succeeds.
type natInstance struct {
	constructs.Construct
	face  awsec2.CfnNetworkInterface
	group awsautoscaling.CfnAutoScalingGroup
}

// newNATInstance makes it in the first public subnet.
func newNATInstance(scope constructs.Construct, id string, n config.Network, network awsec2.IVpc) *natInstance {
	this := constructs.NewConstruct(scope, jsii.String(id))
	i := &natInstance{Construct: this}
	subnet := (*network.PublicSubnets())[0]
	i.addInterface(n, network, subnet)
	address := i.addAddress()
	address.Node().AddDependency(subnet.InternetConnectivityEstablished())
	i.addGroup(n, subnet)
	i.group.Node().AddDependency(address)
	nag.Acknowledge(i.group, nag.NATInstance)
	return i
}

// addInterface makes the interface, which lets only this network through.
func (i *natInstance) addInterface(n config.Network, network awsec2.IVpc, subnet awsec2.ISubnet) {
	group := awsec2.NewSecurityGroup(i.Construct, jsii.String("SecurityGroup"), &awsec2.SecurityGroupProps{
		Vpc: network, Description: jsii.String("NAT instance"), AllowAllOutbound: jsii.Bool(true),
	})
	group.AddIngressRule(
		awsec2.Peer_Ipv4(jsii.String(n.CIDR)), awsec2.Port_AllTraffic(), jsii.String("Outbound traffic of this network"), nil)
	i.face = awsec2.NewCfnNetworkInterface(i.Construct, jsii.String("Interface"), &awsec2.CfnNetworkInterfaceProps{
		Description:     jsii.String("NAT instance"),
		SubnetId:        subnet.SubnetId(),
		GroupSet:        &[]any{group.SecurityGroupId()},
		SourceDestCheck: jsii.Bool(false),
	})
}

// addAddress gives the interface the address that others see. An interface that is not made at the start of a machine gets no
// public address by itself.
func (i *natInstance) addAddress() awsec2.CfnEIPAssociation {
	address := awsec2.NewCfnEIP(i.Construct, jsii.String("Address"), &awsec2.CfnEIPProps{Domain: jsii.String("vpc")})
	return awsec2.NewCfnEIPAssociation(i.Construct, jsii.String("Association"), &awsec2.CfnEIPAssociationProps{
		AllocationId: address.AttrAllocationId(), NetworkInterfaceId: i.face.Ref(),
	})
}

// addGroup makes the group, which replaces a machine that fails the status checks of EC2. Deployments wait until a new machine
// has said that it works, and replace it only if the launch template has changed.
func (i *natInstance) addGroup(n config.Network, subnet awsec2.ISubnet) {
	i.group = awsautoscaling.NewCfnAutoScalingGroup(i.Construct, jsii.String("Group"), &awsautoscaling.CfnAutoScalingGroupProps{
		MinSize: jsii.String("1"), MaxSize: jsii.String("1"),
		AvailabilityZones:      &[]*string{subnet.AvailabilityZone()},
		HealthCheckType:        jsii.String("EC2"),
		HealthCheckGracePeriod: jsii.Number(60),
		Cooldown:               jsii.String("60"),
		// Stop first, whatever the account's default is.
		InstanceMaintenancePolicy: &awsautoscaling.CfnAutoScalingGroup_InstanceMaintenancePolicyProperty{
			MinHealthyPercentage: jsii.Number(0), MaxHealthyPercentage: jsii.Number(100),
		},
	})
	template := i.newTemplate(n)
	i.group.SetLaunchTemplate(&awsautoscaling.CfnAutoScalingGroup_LaunchTemplateSpecificationProperty{
		LaunchTemplateId: template.Ref(), Version: template.AttrLatestVersionNumber(),
	})
	i.group.CfnOptions().SetCreationPolicy(&awscdk.CfnCreationPolicy{
		ResourceSignal: &awscdk.CfnResourceSignal{Count: jsii.Number(1), Timeout: jsii.String(natTimeout)},
	})
	i.group.CfnOptions().SetUpdatePolicy(&awscdk.CfnUpdatePolicy{
		AutoScalingRollingUpdate: &awscdk.CfnAutoScalingRollingUpdate{
			MinInstancesInService: jsii.Number(0), MaxBatchSize: jsii.Number(1),
			WaitOnResourceSignals: jsii.Bool(true), PauseTime: jsii.String(natTimeout),
			SuspendProcesses: jsii.Strings("HealthCheck", "ReplaceUnhealthy", "AlarmNotification", "ScheduledActions"),
		},
	})
}

// newTemplate describes the machine. AWS's validator knows identifiers of images only.
func (i *natInstance) newTemplate(n config.Network) awsec2.CfnLaunchTemplate {
	first := netip.MustParsePrefix(n.CIDR).Addr().String() // validated
	template := awsec2.NewCfnLaunchTemplate(i.Construct, jsii.String("Template"), &awsec2.CfnLaunchTemplateProps{
		LaunchTemplateData: &awsec2.CfnLaunchTemplate_LaunchTemplateDataProperty{
			ImageId:             jsii.String(natImage),
			InstanceType:        jsii.String(n.NATInstanceType),
			CreditSpecification: &awsec2.CfnLaunchTemplate_CreditSpecificationProperty{CpuCredits: jsii.String("standard")},
			NetworkInterfaces: &[]any{&awsec2.CfnLaunchTemplate_NetworkInterfaceProperty{
				DeviceIndex: jsii.Number(0), NetworkInterfaceId: i.face.Ref(), DeleteOnTermination: false,
			}},
			MetadataOptions: &awsec2.CfnLaunchTemplate_MetadataOptionsProperty{
				HttpTokens: jsii.String("required"), HttpPutResponseHopLimit: jsii.Number(1),
			},
			BlockDeviceMappings: &[]any{&awsec2.CfnLaunchTemplate_BlockDeviceMappingProperty{
				DeviceName: jsii.String("/dev/xvda"),
				Ebs:        &awsec2.CfnLaunchTemplate_EbsProperty{Encrypted: true, VolumeType: jsii.String("gp3")},
			}},
			UserData: awscdk.Fn_Base64(awscdk.Fn_Sub(jsii.String(natSetup), &map[string]*string{
				"Network": jsii.String(n.CIDR), "Address": jsii.String(first), "Group": i.group.LogicalId(),
			})),
		},
	})
	awscdk.Validations_Of(template).Acknowledge(&awscdk.Acknowledgment{
		Id:     jsii.String("CloudFormation-Validate::E1152"),
		Reason: jsii.String("ImageId of a launch template may be resolve:ssm and the name of a parameter, which EC2 reads"),
	})
	return template
}
