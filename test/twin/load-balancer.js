const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');
const { Construct } = require('constructs');
const { acknowledge, kept } = require('./acknowledgements');

class LoadBalancer extends Construct {
  constructor(scope, id, env, { network, storage }) {
    super(scope, id);
    const group = new ec2.SecurityGroup(this, 'Group', { vpc: network.vpc, description: 'Load balancer', allowAllOutbound: false });
    this.balancer = new elb.ApplicationLoadBalancer(this, 'Balancer', {
      vpc: network.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      internetFacing: true,
      securityGroup: group,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elb.DesyncMitigationMode.STRICTEST,
      idleTimeout: cdk.Duration.seconds(60),
      deletionProtection: env.deletionProtection,
    });
    acknowledge(group, kept.openToUsers);
    this.balancer.setAttribute('access_logs.s3.enabled', 'true');
    this.balancer.setAttribute('access_logs.s3.bucket', storage.logs.bucketName);
    this.balancer.setAttribute('access_logs.s3.prefix', 'load-balancer');
    cdk.Annotations.of(this).addWarningV2('dozen:no-domain', `environment "${env.name}" serves plain HTTP`);
    this.listener = this.balancer.addListener('Http', {
      port: 80,
      protocol: elb.ApplicationProtocol.HTTP,
      open: true,
      defaultAction: elb.ListenerAction.fixedResponse(404, { contentType: 'text/plain', messageBody: 'Not found' }),
    });
    this.url = `http://${this.balancer.loadBalancerDnsName}`;
  }
}

module.exports = { LoadBalancer };
