const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const { Construct } = require('constructs');
const { acknowledge, kept } = require('./acknowledgements');
const { newLogGroup } = require('./logs');

class Network extends Construct {
  constructor(scope, id, env) {
    super(scope, id);
    const { cidr, zones, nat, flowLogs } = env.network;
    const instances = nat === 'instance' ? natInstances() : undefined;
    this.taskSubnets = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
    this.isolatedSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      ipAddresses: ec2.IpAddresses.cidr(cidr),
      availabilityZones: [...Array(zones).keys()].map((i) => cdk.Fn.select(i, cdk.Fn.getAzs(''))),
      reservedAzs: 3 - zones,
      natGateways: nat === 'per-zone' ? zones : 1,
      natGatewayProvider: instances,
      subnetConfiguration: [
        { name: 'public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: 'private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
        { name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    if (instances) {
      this.finishInstances(instances, cidr);
    }
    if (flowLogs) {
      const group = newLogGroup(this, 'FlowLogs', env);
      this.vpc.addFlowLog('FlowLog', { destination: ec2.FlowLogDestination.toCloudWatchLogs(group) });
    } else {
      acknowledge(this.vpc, kept.smallEnvironment);
    }
  }

  finishInstances(instances, cidr) {
    instances.connections.allowFrom(ec2.Peer.ipv4(cidr), ec2.Port.allTraffic(), 'Outbound traffic of this network');
    for (const instance of instances.gatewayInstances) {
      instance.node.defaultChild.blockDeviceMappings = [{ deviceName: '/dev/xvda', ebs: { encrypted: true, volumeType: 'gp3' } }];
      acknowledge(instance, kept.natInstance);
    }
  }
}

function natInstances() {
  return ec2.NatProvider.instanceV2({
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.NANO),
    defaultAllowedTraffic: ec2.NatTrafficDirection.OUTBOUND_ONLY,
    creditSpecification: ec2.CpuCredits.STANDARD,
    associatePublicIpAddress: true,
  });
}

module.exports = { Network };
