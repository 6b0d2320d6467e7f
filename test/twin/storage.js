const cdk = require('aws-cdk-lib');
const iam = require('aws-cdk-lib/aws-iam');
const s3 = require('aws-cdk-lib/aws-s3');
const { Construct } = require('constructs');
const { removal } = require('./logs');

class Storage extends Construct {
  constructor(scope, id, env) {
    super(scope, id);
    const privately = {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      removalPolicy: removal(env, cdk.RemovalPolicy.RETAIN),
      autoDeleteObjects: env.removable,
    };
    this.logs = new s3.Bucket(this, 'AccessLogs', {
      ...privately,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: cdk.Duration.days(env.storage.accessLogDays), abortIncompleteMultipartUploadAfter: cdk.Duration.days(1) }],
    });
    this.files = new s3.Bucket(this, 'Files', {
      ...privately,
      versioned: true,
      serverAccessLogsBucket: this.logs,
      serverAccessLogsPrefix: 'files/',
      lifecycleRules: [filesLifecycle(env.storage)],
    });
    this.allowLoadBalancerLogs();
  }

  allowLoadBalancerLogs() {
    const { account } = cdk.Stack.of(this);
    this.logs.addToResourcePolicy(new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('logdelivery.elasticloadbalancing.amazonaws.com')],
      actions: ['s3:PutObject'],
      resources: [this.logs.arnForObjects(`load-balancer/AWSLogs/${account}/*`)],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }));
  }
}

function filesLifecycle({ keepOldVersionsDays, infrequentAfterDays }) {
  const transitions = infrequentAfterDays
    ? [{ storageClass: s3.StorageClass.INFREQUENT_ACCESS, transitionAfter: cdk.Duration.days(infrequentAfterDays) }]
    : undefined;
  return {
    abortIncompleteMultipartUploadAfter: cdk.Duration.days(7),
    noncurrentVersionExpiration: cdk.Duration.days(keepOldVersionsDays),
    expiredObjectDeleteMarker: true,
    transitions,
  };
}

module.exports = { Storage };
