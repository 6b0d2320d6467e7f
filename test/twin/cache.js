const ec2 = require('aws-cdk-lib/aws-ec2');
const elasticache = require('aws-cdk-lib/aws-elasticache');
const { Construct } = require('constructs');
const { acknowledge, kept } = require('./acknowledgements');
const { newLogin } = require('./database');

class Cache extends Construct {
  constructor(scope, id, env, network) {
    super(scope, id);
    this.group = new ec2.SecurityGroup(this, 'Group', { vpc: network.vpc, description: 'Cache', allowAllOutbound: false });
    this.secret = newLogin(this, 'Secret', { description: 'Login of the cache' });
    this.nodes = this.newNodes(env.cache, network, this.newUsers(env));
    acknowledge(this, kept.standardPorts, kept.cacheUserGroup, kept.cacheLoginStays);
    if (env.cache.replicas === 0) {
      acknowledge(this, kept.smallEnvironment);
    }
  }

  newUsers(env) {
    const id = `${env.application}-${env.name}`;
    const user = new elasticache.CfnUser(this, 'User', {
      engine: 'valkey',
      userId: id,
      userName: 'app',
      accessString: 'on ~* &* +@all',
      authenticationMode: { Type: 'password', Passwords: [this.secret.secretValueFromJson('password').unsafeUnwrap()] },
    });
    return new elasticache.CfnUserGroup(this, 'Users', { engine: 'valkey', userGroupId: id, userIds: [user.ref] });
  }

  newNodes({ nodeType, replicas, snapshotDays }, network, users) {
    const subnets = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'Isolated subnets',
      subnetIds: network.vpc.selectSubnets(network.isolatedSubnets).subnetIds,
    });
    return new elasticache.CfnReplicationGroup(this, 'Nodes', {
      replicationGroupDescription: 'Sessions, limits and caches',
      engine: 'valkey',
      engineVersion: '8.0',
      cacheNodeType: nodeType,
      numCacheClusters: 1 + replicas,
      automaticFailoverEnabled: replicas > 0,
      multiAzEnabled: replicas > 0,
      atRestEncryptionEnabled: true,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      autoMinorVersionUpgrade: true,
      cacheSubnetGroupName: subnets.ref,
      securityGroupIds: [this.group.securityGroupId],
      userGroupIds: [users.ref],
      snapshotRetentionLimit: snapshotDays,
    });
  }

  allow(scope, id, client) {
    const guard = ec2.SecurityGroup.fromSecurityGroupId(scope, id, this.group.securityGroupId);
    guard.addIngressRule(client, ec2.Port.tcp(6379), 'Valkey');
  }
}

module.exports = { Cache };
