const cdk = require('aws-cdk-lib');
const cloudwatch = require('aws-cdk-lib/aws-cloudwatch');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');
const logs = require('aws-cdk-lib/aws-logs');
const { Construct } = require('constructs');

const { AVERAGE, MAXIMUM, MINIMUM, SAMPLE_COUNT, SUM } = cloudwatch.Stats;
const { ComparisonOperator, TreatMissingData } = cloudwatch;

const everyMinute = (statistic) => ({ statistic, period: cdk.Duration.minutes(1) });

// newAlarm rings above a limit, or with atLeast below it.
function newAlarm(scope, id, { metric, above, atLeast, minutes, says }) {
  return new cloudwatch.Alarm(scope, id, {
    alarmDescription: says,
    metric,
    threshold: atLeast ?? above,
    comparisonOperator: atLeast ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: minutes,
    treatMissingData: atLeast ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  });
}

// alert is an alarm that tells the topic.
function alert(scope, id, { action }, props) {
  const alarm = newAlarm(scope, id, props);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}

function backlogOf(env, metricName) {
  return new cloudwatch.Metric({ namespace: `${env.application}/${env.name}`, metricName, dimensionsMap: { Process: 'worker' }, ...everyMinute(MAXIMUM) });
}

// runningTasks counts tasks by the samples of their CPU metric.
function runningTasks(service) {
  return service.metricCpuUtilization(everyMinute(SAMPLE_COUNT));
}

function addAlarms(scope, platform, { balancer, web, worker, scheduler, release }) {
  const { env, data } = platform;
  const alarms = new Construct(scope, 'Alarms');
  const add = (id, props) => alert(alarms, id, platform, props);
  const addRunning = (name, service, least) => least > 0 && add(`${name}Running`, {
    metric: runningTasks(service), atLeast: least, minutes: 10,
    says: 'Fewer tasks run than the service should have at the least. Runbook: docs/runbooks/TasksMissing.md',
  });

  add('UnhealthyTargets', {
    metric: web.targets.metrics.unhealthyHostCount(everyMinute(MAXIMUM)), above: 0, minutes: 5,
    says: 'A web task has failed its health checks for 5 minutes. Runbook: docs/runbooks/UnhealthyTargets.md',
  });
  add('LoadBalancerErrors', {
    metric: balancer.balancer.metrics.httpCodeElb(elb.HttpCodeElb.ELB_5XX_COUNT, everyMinute(SUM)), above: 10, minutes: 2,
    says: 'The load balancer itself answered more than 10 requests a minute with 5xx. Runbook: docs/runbooks/WebErrors.md',
  });
  addRunning('Web', web.service, env.web.min);
  addRunning('Scheduler', scheduler.service, 1);
  addRunning('Worker', worker.service, env.worker.min);
  add('WorkerBacklogAge', {
    metric: backlogOf(env, 'BacklogAge'), above: env.alarms.backlogAge, minutes: 3,
    says: 'The oldest due job has waited too long. Runbook: docs/runbooks/BacklogAge.md',
  });
  addMigrationAlarm(add, env, release);
  addDatabaseAlarms(add, env, data.database.instance.instanceIdentifier);
  addCacheAlarms(add, env, data.cache.nodes);
}

function addMigrationAlarm(add, env, release) {
  const failures = release.logs.addMetricFilter('Failures', {
    filterPattern: logs.FilterPattern.stringValue('$.status', '=', 'FAILED'),
    metricNamespace: `${env.application}/${env.name}`,
    metricName: 'MigrationFailed',
    metricValue: '1',
  });
  add('MigrationFailed', {
    metric: failures.metric(everyMinute(SUM)), above: 0, minutes: 1,
    says: 'A migration failed, and with it the release; the old version keeps running. Runbook: docs/runbooks/MigrationFailed.md',
  });
}

function addDatabaseAlarms(add, { database }, DBInstanceIdentifier) {
  const metric = (metricName, statistic) => new cloudwatch.Metric({
    namespace: 'AWS/RDS', metricName, dimensionsMap: { DBInstanceIdentifier }, ...everyMinute(statistic),
  });
  add('DatabaseCpu', {
    metric: metric('CPUUtilization', AVERAGE), above: 80, minutes: 15,
    says: "The database's CPU has been above 80 % for 15 minutes. Runbook: docs/runbooks/DatabaseCpu.md",
  });
  add('DatabaseConnections', {
    metric: metric('DatabaseConnections', MAXIMUM), above: database.connectionBudget, minutes: 5,
    says: 'More connections than the budget of 80 % are open. Runbook: docs/runbooks/DatabaseConnections.md',
  });
  add('DatabaseStorage', {
    metric: metric('FreeStorageSpace', MINIMUM), atLeast: database.storageGiB / 10 * 2 ** 30, minutes: 15,
    says: "Less than a tenth of the database's first storage is free, and storage has not grown by itself. Runbook: docs/runbooks/DatabaseStorage.md",
  });
}

function addCacheAlarms(add, { cache }, group) {
  for (let node = 1; node <= 1 + cache.replicas; node++) {
    const dimensionsMap = { CacheClusterId: `${group.ref}-${String(node).padStart(3, '0')}` };
    const metric = (metricName, statistic) => new cloudwatch.Metric({ namespace: 'AWS/ElastiCache', metricName, dimensionsMap, ...everyMinute(statistic) });
    add(`CacheMemory${node}`, {
      metric: metric('DatabaseMemoryUsagePercentage', MAXIMUM), above: 80, minutes: 10,
      says: 'A cache node has used more than 80 % of its memory for 10 minutes. Runbook: docs/runbooks/CacheMemory.md',
    });
    add(`CacheEvictions${node}`, {
      metric: metric('Evictions', SUM), above: 100, minutes: 5,
      says: 'A cache node throws out more than 100 keys a minute: sessions may be among them. Runbook: docs/runbooks/CacheMemory.md',
    });
  }
}

module.exports = { addAlarms, alert, backlogOf, everyMinute, newAlarm, runningTasks };
