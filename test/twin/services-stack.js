const path = require('node:path');
const cdk = require('aws-cdk-lib');
const cloudwatchActions = require('aws-cdk-lib/aws-cloudwatch-actions');
const ecrAssets = require('aws-cdk-lib/aws-ecr-assets');
const ecs = require('aws-cdk-lib/aws-ecs');
const iam = require('aws-cdk-lib/aws-iam');
const sns = require('aws-cdk-lib/aws-sns');
const { acknowledge, kept } = require('./acknowledgements');
const { addAlarms } = require('./alarms');
const { LoadBalancer } = require('./load-balancer');
const { MigrationGate } = require('./migration');
const { newAdminDefinition } = require('./process');
const { addQueries } = require('./queries');
const { SchedulerService, WebService, WorkerService } = require('./services');

const root = path.join(__dirname, '..', '..');

class ServicesStack extends cdk.Stack {
  constructor(scope, id, env, data) {
    super(scope, id, {
      stackName: `${env.application}-${env.name}-${id}`,
      description: `${env.application}, ${env.name}: Load balancer, processes and alarms`,
      terminationProtection: env.deletionProtection,
    });
    cdk.CrossStackReferences.of(this).consume(cdk.ReferenceStrength.WEAK);
    this.addStackDependency(data);
    const balancer = new LoadBalancer(this, 'LoadBalancer', env, data);
    const platform = {
      env, data, url: balancer.url,
      cluster: this.newCluster(data.network),
      image: this.newImage(),
      topic: this.newTopic(),
    };
    platform.action = new cloudwatchActions.SnsAction(platform.topic);
    const release = new MigrationGate(this, 'Release', platform, path.join(root, '.build', 'gate'));
    const web = new WebService(this, 'Web', platform, balancer);
    const worker = new WorkerService(this, 'Worker', platform);
    const scheduler = new SchedulerService(this, 'Scheduler', platform);
    for (const { service } of [web, worker, scheduler]) {
      service.node.addDependency(release.resource);
    }
    const admin = newAdminDefinition(this, 'Admin', platform, web.task, ['dozen-app', 'help']);
    addAlarms(this, platform, { balancer, web, worker, scheduler, release });
    addQueries(this, env, [web.task, worker.task, scheduler.task, release.task]);
    this.addOutputs(platform, admin, web);
  }

  newCluster(network) {
    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: network.vpc,
      enableFargateCapacityProviders: true,
      containerInsightsV2: ecs.ContainerInsights.DISABLED,
    });
    acknowledge(cluster, kept.countedBySamples);
    return cluster;
  }

  newImage() {
    return new ecrAssets.DockerImageAsset(this, 'Image', {
      directory: path.join(root, 'app'),
      platform: ecrAssets.Platform.LINUX_ARM64,
      exclude: ['.git', '**/*.md', '**/.env', '**/.DS_Store'],
    });
  }

  newTopic() {
    const topic = new sns.Topic(this, 'AlarmTopic', { enforceSSL: true });
    topic.addToResourcePolicy(new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
    }));
    return topic;
  }

  addOutputs({ env, data, url, cluster }, admin, web) {
    const { vpc, taskSubnets } = data.network;
    const subnets = cdk.Fn.join(',', vpc.selectSubnets(taskSubnets).subnetIds);
    const run = [
      'aws ecs run-task',
      `--cluster ${cluster.clusterName}`,
      `--task-definition ${admin.family}`,
      '--launch-type FARGATE',
      `--network-configuration 'awsvpcConfiguration={subnets=[${subnets}],securityGroups=[${web.task.group.securityGroupId}],assignPublicIp=DISABLED}'`,
      `--overrides '{"containerOverrides":[{"name":"app","command":["COMMAND"]}]}'`,
    ].join(' ');
    new cdk.CfnOutput(this, 'Url', { value: url, description: 'Where users reach the application' });
    new cdk.CfnOutput(this, 'RunCommand', { value: run, description: 'Runs a one-off command: put its words for COMMAND, such as "help"' });
    if (env.shell) {
      new cdk.CfnOutput(this, 'ShellCommand', {
        value: `aws ecs execute-command --cluster ${cluster.clusterName} --task TASK --container app --interactive --command COMMAND`,
        description: 'Runs a command inside a running task: put its id for TASK, from aws ecs list-tasks',
      });
    }
  }
}

module.exports = { ServicesStack };
