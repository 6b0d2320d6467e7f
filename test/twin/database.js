const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const rds = require('aws-cdk-lib/aws-rds');
const secretsmanager = require('aws-cdk-lib/aws-secretsmanager');
const { Construct } = require('constructs');
const { acknowledge, kept } = require('./acknowledgements');
const { removal } = require('./logs');

const unsafeInPasswords = ' !"#$%&\'()*+,/:;<=>?@[\\]^`{|}~';

// newLogin is a generated secret with the user name "app".
function newLogin(scope, id, props) {
  return new secretsmanager.Secret(scope, id, {
    ...props,
    generateSecretString: {
      secretStringTemplate: '{"username":"app"}',
      generateStringKey: 'password',
      passwordLength: 32,
      excludeCharacters: unsafeInPasswords,
    },
  });
}

class Database extends Construct {
  constructor(scope, id, env, network) {
    super(scope, id);
    const { multiAz, rotationDays } = env.database;
    this.group = new ec2.SecurityGroup(this, 'Group', { vpc: network.vpc, description: 'Database', allowAllOutbound: false });
    this.secret = newLogin(this, 'Secret', {
      description: 'Login of the database',
      removalPolicy: removal(env, cdk.RemovalPolicy.RETAIN),
    });
    this.instance = this.newInstance(env, network);
    acknowledge(this, kept.standardPorts);
    if (env.removable || !env.deletionProtection || !multiAz || !rotationDays) {
      acknowledge(this, kept.smallEnvironment);
    }
    if (rotationDays) {
      this.rotate(rotationDays, network);
    }
  }

  newInstance(env, network) {
    const d = env.database;
    return new rds.DatabaseInstance(this, 'Instance', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('17.9', '17') }),
      instanceType: new ec2.InstanceType(d.class),
      vpc: network.vpc,
      vpcSubnets: network.isolatedSubnets,
      securityGroups: [this.group],
      credentials: rds.Credentials.fromSecret(this.secret, 'app'),
      databaseName: 'app',
      parameters: { 'rds.force_ssl': '1', log_min_duration_statement: '1000', log_lock_waits: '1' },
      storageType: rds.StorageType.GP3,
      storageEncrypted: true,
      allocatedStorage: d.storageGiB,
      maxAllocatedStorage: d.maxStorageGiB,
      multiAz: d.multiAz,
      iamAuthentication: true,
      backupRetention: cdk.Duration.days(d.backupDays),
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: env.removable,
      deletionProtection: env.deletionProtection,
      removalPolicy: removal(env, cdk.RemovalPolicy.SNAPSHOT),
      autoMinorVersionUpgrade: true,
      allowMajorVersionUpgrade: false,
      enablePerformanceInsights: true,
      performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
      cloudwatchLogsExports: ['postgresql', 'upgrade'],
      publiclyAccessible: false,
    });
  }

  rotate(days, network) {
    const group = new ec2.SecurityGroup(this, 'RotationGroup', { vpc: network.vpc, description: 'Rotation of the database password' });
    this.group.addIngressRule(group, ec2.Port.tcp(5432), 'Rotation');
    this.instance.secret.addRotationSchedule('Rotation', {
      automaticallyAfter: cdk.Duration.days(days),
      hostedRotation: secretsmanager.HostedRotation.postgreSqlSingleUser({
        excludeCharacters: unsafeInPasswords,
        vpc: network.vpc,
        vpcSubnets: network.taskSubnets,
        securityGroups: [group],
      }),
    });
  }

  allow(scope, id, client) {
    const guard = ec2.SecurityGroup.fromSecurityGroupId(scope, id, this.group.securityGroupId);
    guard.addIngressRule(client, ec2.Port.tcp(5432), 'PostgreSQL');
  }
}

module.exports = { Database, newLogin };
