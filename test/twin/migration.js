const cdk = require('aws-cdk-lib');
const iam = require('aws-cdk-lib/aws-iam');
const lambda = require('aws-cdk-lib/aws-lambda');
const { Construct } = require('constructs');
const { acknowledge, kept } = require('./acknowledgements');
const { newLogGroup } = require('./logs');
const { ProcessTask, allow } = require('./process');

// MigrationGate runs the release task, and services wait for its custom resource.
class MigrationGate extends Construct {
  constructor(scope, id, platform, handler) {
    super(scope, id);
    this.task = new ProcessTask(this, platform, {
      name: 'release', command: ['dozen-app', 'migrate'], size: platform.env.release, stopTimeout: 30,
    });
    this.logs = newLogGroup(this, 'GateLogs', platform.env);
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.logs.grantWrite(role);
    const gate = new lambda.Function(this, 'Gate', {
      description: 'Runs the release task and tells CloudFormation how it ended',
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: lambda.Architecture.ARM_64,
      handler: 'bootstrap',
      code: lambda.Code.fromAsset(handler),
      memorySize: 128,
      timeout: cdk.Duration.minutes(15),
      retryAttempts: 2,
      maxEventAge: cdk.Duration.hours(1),
      logGroup: this.logs,
      role,
    });
    this.grant(role, platform.cluster);
    const goOn = new iam.Policy(this, 'GoOn', { roles: [role] });
    goOn.addStatements(new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [gate.functionArn] }));
    acknowledge(role, kept.gateFollowsRevisions, kept.takesNoResource);
    this.resource = this.newResource(gate, platform);
    this.resource.node.addDependency(this.task, role, goOn);
  }

  grant(role, cluster) {
    const { definition, logs } = this.task;
    const inCluster = { ArnEquals: { 'ecs:cluster': cluster.clusterArn } };
    const toTasks = { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } };
    allow(role, [this.arn('ecs', `task-definition/${definition.family}:*`)], ['ecs:RunTask'], inCluster);
    allow(role, [this.arn('ecs', `task/${cluster.clusterName}/*`)], ['ecs:DescribeTasks', 'ecs:StopTask'], inCluster);
    allow(role, ['*'], ['ecs:ListTasks'], inCluster);
    allow(role, [definition.taskRole.roleArn, definition.executionRole.roleArn], ['iam:PassRole'], toTasks);
    allow(role, [this.arn('logs', `log-group:${logs.logGroupName}:log-stream:app/app/*`)], ['logs:GetLogEvents']);
    allow(role, [cdk.Stack.of(this).stackId], ['cloudformation:DescribeStacks']);
  }

  arn(service, resource) {
    return cdk.Stack.of(this).formatArn({ service, resource, arnFormat: cdk.ArnFormat.NO_RESOURCE_NAME });
  }

  newResource(gate, { cluster, data, image }) {
    const { vpc, taskSubnets } = data.network;
    return new cdk.CustomResource(this, 'Migration', {
      serviceToken: gate.functionArn,
      resourceType: 'Custom::Migration',
      serviceTimeout: cdk.Duration.minutes(20),
      properties: {
        Cluster: cluster.clusterArn,
        TaskDefinition: this.task.definition.taskDefinitionArn,
        Container: 'app',
        Subnets: vpc.selectSubnets(taskSubnets).subnetIds,
        SecurityGroups: [this.task.group.securityGroupId],
        AssignPublicIp: 'DISABLED',
        LogGroup: this.task.logs.logGroupName,
        LogStreamPrefix: 'app',
        DeadlineSeconds: '900',
        Release: image.assetHash.slice(0, 12),
        RestoredFrom: '',
      },
    });
  }
}

module.exports = { MigrationGate };
