const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const ecs = require('aws-cdk-lib/aws-ecs');
const iam = require('aws-cdk-lib/aws-iam');
const { Construct } = require('constructs');
const { acknowledge, kept } = require('./acknowledgements');
const { newLogGroup } = require('./logs');

const port = 8080;

// allow adds one statement to a role.
function allow(role, resources, actions, conditions) {
  role.addToPrincipalPolicy(new iam.PolicyStatement({ resources, actions, conditions }));
}

// ProcessTask is one process type: task definition, roles, log group and security group.
class ProcessTask extends Construct {
  constructor(scope, platform, props) {
    super(scope, 'Process');
    const { env, data } = platform;
    this.props = props;
    this.logs = newLogGroup(this, 'Logs', env);
    this.group = new ec2.SecurityGroup(this, 'Group', { vpc: data.network.vpc, description: `Tasks of ${props.name}` });
    data.database.allow(this, 'Database', this.group);
    data.cache.allow(this, 'Cache', this.group);
    this.definition = new ecs.FargateTaskDefinition(this, 'Task', definitionProps(props));
    addContainer(this.definition, platform, props, this.logs);
    this.grant(data, env);
    acknowledge(this.definition, kept.settingsAreVariables, kept.belowOwnPath, kept.takesNoResource);
  }

  grant({ database, cache, storage }, env) {
    const role = this.definition.taskRole;
    const parameter = (resourceName) => cdk.Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName });
    const path = `${env.application}/${env.name}`;
    allow(role, [database.secret.secretArn, cache.secret.secretArn], ['secretsmanager:GetSecretValue']);
    allow(role, [storage.files.bucketArn], ['s3:ListBucket']);
    allow(role, [storage.files.arnForObjects('*')], ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']);
    allow(role, [parameter(path), parameter(`${path}/*`)], ['ssm:GetParametersByPath', 'ssm:GetParameter', 'ssm:GetParameters']);
  }
}

// newAdminDefinition is web's task definition with another command.
function newAdminDefinition(scope, id, platform, web, command) {
  const props = { ...web.props, command };
  const definition = new ecs.FargateTaskDefinition(scope, id, {
    ...definitionProps(props),
    taskRole: web.definition.taskRole,
    executionRole: web.definition.obtainExecutionRole(),
  });
  addContainer(definition, platform, props, web.logs);
  acknowledge(definition, kept.settingsAreVariables);
  return definition;
}

function definitionProps({ size }) {
  return {
    cpu: size.cpu,
    memoryLimitMiB: size.memory,
    runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
  };
}

function addContainer(definition, platform, props, logGroup) {
  const linuxParameters = new ecs.LinuxParameters(definition, 'Linux', { initProcessEnabled: true });
  linuxParameters.dropCapabilities(ecs.Capability.ALL);
  const container = definition.addContainer('app', {
    image: ecs.ContainerImage.fromDockerImageAsset(platform.image),
    command: props.command,
    environment: environmentOf(platform, props),
    essential: true,
    user: '65532:65532',
    readonlyRootFilesystem: true,
    linuxParameters,
    stopTimeout: cdk.Duration.seconds(props.stopTimeout),
    versionConsistency: ecs.VersionConsistency.ENABLED,
    ulimits: [{ name: ecs.UlimitName.NOFILE, softLimit: 65536, hardLimit: 65536 }],
    logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'app', mode: ecs.AwsLogDriverMode.NON_BLOCKING }),
  });
  if (props.web) {
    container.addPortMappings({ containerPort: port, protocol: ecs.Protocol.TCP });
  }
  const places = { tmp: '/tmp', ...(platform.env.shell && { 'exec-state': '/var/lib/amazon', 'exec-log': '/var/log/amazon' }) };
  for (const [name, containerPath] of Object.entries(places)) {
    definition.addVolume({ name });
    container.addMountPoints({ sourceVolume: name, containerPath, readOnly: false });
  }
}

function environmentOf({ env, data, image, url }, { size, stopTimeout, concurrency = 1 }) {
  const { instance, secret } = data.database;
  return {
    APP_URL: url,
    CACHE_SECRET_ARN: data.cache.secret.secretArn,
    CACHE_URL: `rediss://${data.cache.nodes.attrPrimaryEndPointAddress}:${data.cache.nodes.attrPrimaryEndPointPort}`,
    DATABASE_POOL_SIZE: `${size.pool}`,
    DATABASE_SECRET_ARN: secret.secretArn,
    DRAIN_SECONDS: `${stopTimeout - 2}`,
    ENVIRONMENT: env.name,
    KEEP_ALIVE_SECONDS: '75',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
    METRICS_NAMESPACE: `${env.application}/${env.name}`,
    PARAMETERS_PATH: `/${env.application}/${env.name}/`,
    PORT: `${port}`,
    POSTGRES_NAME: 'app',
    POSTGRES_PORT: instance.dbInstanceEndpointPort,
    POSTGRES_SERVICE_HOST: instance.dbInstanceEndpointAddress,
    POSTGRES_SSLMODE: 'require',
    REQUEST_TIMEOUT_SECONDS: '5',
    ROUTING_LAG_SECONDS: '3',
    STORAGE_URL: `s3://${data.storage.files.bucketName}`,
    VERSION: image.assetHash.slice(0, 12),
    WORKER_CONCURRENCY: `${concurrency}`,
  };
}

module.exports = { ProcessTask, allow, newAdminDefinition, port };
