const cdk = require('aws-cdk-lib');
const autoscaling = require('aws-cdk-lib/aws-applicationautoscaling');
const cloudwatch = require('aws-cdk-lib/aws-cloudwatch');
const cloudwatchActions = require('aws-cdk-lib/aws-cloudwatch-actions');
const ecs = require('aws-cdk-lib/aws-ecs');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');
const { Construct } = require('constructs');
const { alert, backlogOf, everyMinute, newAlarm, runningTasks } = require('./alarms');
const { ProcessTask, port } = require('./process');

const minute = cdk.Duration.minutes(1);

function newService(scope, { env, cluster, data }, task, { minHealthyPercent, maxHealthyPercent, failures, desiredCount, rebalancing }) {
  const service = new ecs.FargateService(scope, 'Service', {
    cluster,
    taskDefinition: task.definition,
    desiredCount,
    minHealthyPercent,
    maxHealthyPercent,
    circuitBreaker: { enable: true, rollback: true },
    capacityProviderStrategies: capacity(task.props.size.spot),
    securityGroups: [task.group],
    vpcSubnets: data.network.taskSubnets,
    assignPublicIp: false,
    enableExecuteCommand: env.shell,
    availabilityZoneRebalancing: rebalancing,
    propagateTags: ecs.PropagatedTagSource.SERVICE,
    enableECSManagedTags: true,
  });
  const breaker = 'DeploymentConfiguration.DeploymentCircuitBreaker';
  const resource = service.node.defaultChild;
  resource.addPropertyOverride(`${breaker}.ThresholdConfiguration.Type`, 'COUNT');
  resource.addPropertyOverride(`${breaker}.ThresholdConfiguration.Value`, failures);
  resource.addPropertyOverride(`${breaker}.ResetOnHealthyTask`, true);
  service.node.addDependency(task);
  return service;
}

function capacity(spot) {
  return [
    { capacityProvider: 'FARGATE', weight: 100 - spot },
    { capacityProvider: 'FARGATE_SPOT', weight: spot },
  ].filter(({ weight }) => weight > 0);
}

class WebService extends Construct {
  constructor(scope, id, platform, balancer) {
    super(scope, id);
    const size = platform.env.web;
    this.task = new ProcessTask(this, platform, { name: 'web', command: ['dozen-app', 'web'], size, stopTimeout: 10, web: true });
    this.targets = this.newTargets(platform.data.network.vpc);
    balancer.listener.addAction('Web', {
      action: elb.ListenerAction.forward([this.targets]),
      priority: 1,
      conditions: [elb.ListenerCondition.pathPatterns(['/*'])],
    });
    this.service = newService(this, platform, this.task, {
      minHealthyPercent: 100, maxHealthyPercent: 200, failures: size.failures, rebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
    });
    this.service.attachToApplicationTargetGroup(this.targets);
    this.service.node.defaultChild.healthCheckGracePeriodSeconds = 10;
    this.scale(size);
    this.rollBackOnAlarms(platform);
  }

  newTargets(vpc) {
    return new elb.ApplicationTargetGroup(this, 'Targets', {
      vpc,
      targetType: elb.TargetType.IP,
      protocol: elb.ApplicationProtocol.HTTP,
      port,
      deregistrationDelay: cdk.Duration.seconds(6),
      healthCheck: {
        path: '/livez',
        healthyHttpCodes: '200',
        interval: cdk.Duration.seconds(5),
        timeout: cdk.Duration.seconds(2),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 2,
      },
    });
  }

  scale({ min, max, cpuPercent, memoryPercent, requestsPerTask }) {
    const scaling = this.service.autoScaleTaskCount({ minCapacity: min, maxCapacity: max });
    const cooldown = { scaleInCooldown: cdk.Duration.minutes(5), scaleOutCooldown: minute };
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: cpuPercent, ...cooldown });
    scaling.scaleOnMemoryUtilization('Memory', { targetUtilizationPercent: memoryPercent, ...cooldown });
    scaling.scaleOnRequestCount('Requests', { requestsPerTarget: requestsPerTask, targetGroup: this.targets, ...cooldown });
  }

  rollBackOnAlarms(platform) {
    const errors = alert(this, 'Errors', platform, {
      metric: this.targets.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, everyMinute(cloudwatch.Stats.SUM)), above: 10, minutes: 2,
      says: 'Web answered more than 10 requests a minute with 5xx. Runbook: docs/runbooks/WebErrors.md',
    });
    const latency = alert(this, 'Latency', platform, {
      metric: this.targets.metrics.targetResponseTime(everyMinute('p99')), above: platform.env.alarms.latencyP99, minutes: 3,
      says: 'One request in a hundred took web longer than the environment allows. Runbook: docs/runbooks/WebLatency.md',
    });
    this.service.enableDeploymentAlarms([errors.alarmName, latency.alarmName], { behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM });
  }
}

class WorkerService extends Construct {
  constructor(scope, id, platform) {
    super(scope, id);
    const size = platform.env.worker;
    this.task = new ProcessTask(this, platform, {
      name: 'worker', command: ['dozen-app', 'worker'], size, stopTimeout: 60, concurrency: size.concurrency,
    });
    this.service = newService(this, platform, this.task, {
      minHealthyPercent: 100, maxHealthyPercent: 200, failures: 2, rebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
    });
    const target = this.service.autoScaleTaskCount({ minCapacity: size.min, maxCapacity: size.max }).node.findChild('Target');
    this.trackBacklog(platform, target, size);
    if (size.min === 0) {
      this.startFirst(platform, target);
    }
  }

  trackBacklog({ env }, target, size) {
    const query = (id, { namespace, metricName, dimensions, statistic }) => ({
      id,
      returnData: false,
      metricStat: { stat: statistic, metric: { namespace, metricName, dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })) } },
    });
    new autoscaling.CfnScalingPolicy(this, 'Backlog', {
      policyName: 'BacklogPerTask',
      policyType: 'TargetTrackingScaling',
      scalingTargetId: target.scalableTargetId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: size.backlogPerTask,
        scaleInCooldown: 300,
        scaleOutCooldown: 60,
        customizedMetricSpecification: {
          metrics: [
            query('backlog', backlogOf(env, 'Backlog')),
            query('tasks', runningTasks(this.service)),
            { id: 'backlogPerTask', expression: 'FILL(backlog, 0) / IF(FILL(tasks, 0) > 0, FILL(tasks, 0), 1)', returnData: true },
          ],
        },
      },
    });
  }

  startFirst({ env }, scalingTarget) {
    const action = new autoscaling.StepScalingAction(this, 'First', {
      scalingTarget, adjustmentType: autoscaling.AdjustmentType.EXACT_CAPACITY, cooldown: cdk.Duration.minutes(2),
    });
    action.addAdjustment({ adjustment: 1, lowerBound: 0 });
    const alarm = newAlarm(this, 'FirstNeeded', {
      metric: new cloudwatch.MathExpression({
        expression: 'IF(FILL(backlog, 0) > 0 AND FILL(tasks, 0) == 0, 1, 0)',
        usingMetrics: { backlog: backlogOf(env, 'Backlog'), tasks: runningTasks(this.service) },
        period: minute,
      }),
      above: 0, minutes: 1,
      says: 'There is work and no task: starts the first one. Not a fault.',
    });
    alarm.addAlarmAction(new cloudwatchActions.ApplicationScalingAction(action));
  }
}

class SchedulerService extends Construct {
  constructor(scope, id, platform) {
    super(scope, id);
    this.task = new ProcessTask(this, platform, {
      name: 'scheduler', command: ['dozen-app', 'scheduler'], size: platform.env.scheduler, stopTimeout: 30,
    });
    this.service = newService(this, platform, this.task, {
      minHealthyPercent: 0, maxHealthyPercent: 100, failures: 2, desiredCount: 1, rebalancing: ecs.AvailabilityZoneRebalancing.DISABLED,
    });
  }
}

module.exports = { SchedulerService, WebService, WorkerService };
