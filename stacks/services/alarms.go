package services

import (
	"fmt"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// addAlarms makes the alarms that matter on the first day. Those of web's errors and latency are made with web, because they
// also roll a release back. Every description names its runbook.
func addAlarms(scope constructs.Construct, p *platform, f formation) {
	this := constructs.NewConstruct(scope, jsii.String("Alarms"))
	alarmOnTargets(this, p, f.web)
	alarmOnRunning(this, p, "Web", f.web.service, p.env.Web.Min)
	if f.scheduler != nil {
		alarmOnRunning(this, p, "Scheduler", f.scheduler.service, 1)
	}
	for _, worker := range f.workers {
		alarmOnWorker(this, p, worker)
	}
	if f.migration != nil && f.migration.resource != nil {
		alarmOnMigration(this, p, f.migration)
	}
	alarmOnDatabase(this, p)
	alarmOnRotation(this, p)
	alarmOnCache(this, p)
	alarmOnQueue(this, p)
}

func alarmOnTargets(scope constructs.Construct, p *platform, web *webService) {
	p.alert(scope, "UnhealthyTargets", alarmProps{
		metric: web.targets.Metrics().UnhealthyHostCount(perMinute(awscloudwatch.Stats_MAXIMUM())), above: 0, minutes: 5,
		description: "A web task has failed its health checks for 5 minutes.",
		runbook:     "UnhealthyTargets",
	})
	sum, balancer := perMinute(awscloudwatch.Stats_SUM()), web.balancer.balancer.Metrics()
	p.alert(scope, "LoadBalancerErrors", alarmProps{
		metric: math(ownErrorPercent, map[string]awscloudwatch.IMetric{
			"errors": balancer.HttpCodeElb(elb.HttpCodeElb_ELB_5XX_COUNT, sum), "requests": balancer.RequestCount(sum),
		}),
		above: float64(p.env.Alarms.ErrorPercent), minutes: 3, agreeing: 2,
		description: fmt.Sprintf("The load balancer itself answered more than %d %% of the requests with 5xx.", p.env.Alarms.ErrorPercent),
		runbook:     "WebErrors",
	})
}

// alarmOnRunning goes off when a service has had fewer tasks than its minimum for ten minutes.
func alarmOnRunning(scope constructs.Construct, p *platform, name string, service awsecs.FargateService, minimum int) {
	if minimum == 0 {
		return
	}
	p.alert(scope, name+"Running", alarmProps{
		metric: runningTasks(service), atLeast: float64(minimum), minutes: 10,
		description: "Fewer tasks run than the service's minimum.",
		runbook:     "TasksMissing",
	})
}

func alarmOnWorker(scope constructs.Construct, p *platform, worker *workerService) {
	name := worker.process.ConstructID()
	alarmOnRunning(scope, p, name, worker.service, p.env.Worker(worker.process.Name).Min)
	oldest := p.oldestOf(worker.process)
	if oldest == nil || p.env.Worker(worker.process.Name).Source.Kind == config.SourceQueue { // QueueAge watches the queue
		return
	}
	p.alert(scope, name+"BacklogAge", alarmProps{
		metric: oldest, above: p.env.Alarms.BacklogAge.Seconds(), minutes: 3,
		description: "The oldest due job has waited too long.",
		runbook:     "BacklogAge",
	})
}

// alarmOnMigration counts the gate's answers to CloudFormation that made a release fail.
func alarmOnMigration(scope constructs.Construct, p *platform, migration *migrationGate) {
	failures := migration.function.LogGroup().AddMetricFilter(jsii.String("Failures"), &awslogs.MetricFilterOptions{
		FilterPattern:   awslogs.FilterPattern_StringValue(jsii.String("$.status"), jsii.String("="), jsii.String("FAILED")),
		MetricNamespace: jsii.String(p.env.MetricsNamespace()),
		MetricName:      jsii.String("MigrationFailed"),
		MetricValue:     jsii.String("1"),
	})
	p.alert(scope, "MigrationFailed", alarmProps{
		metric: failures.Metric(perMinute(awscloudwatch.Stats_SUM())), above: 0, minutes: 1,
		description: "A migration failed, and with it the release; the old version keeps running.",
		runbook:     "MigrationFailed",
	})
}

func alarmOnDatabase(scope constructs.Construct, p *platform) {
	if p.data.Database.Identifier == nil {
		return
	}
	p.alert(scope, "DatabaseCpu", alarmProps{
		metric: databaseMetric(p.data.Database, "CPUUtilization", awscloudwatch.Stats_AVERAGE()), above: 80, minutes: 15,
		description: "The database's CPU has been above 80 % for 15 minutes.",
		runbook:     "DatabaseCpu",
	})
	p.alert(scope, "DatabaseConnections", alarmProps{
		metric: databaseMetric(p.data.Database, "DatabaseConnections", awscloudwatch.Stats_MAXIMUM()),
		above:  float64(p.env.ConnectionBudget()), minutes: 5,
		description: "More connections than the budget of 80 % are open.",
		runbook:     "DatabaseConnections",
	})
	if !p.data.Database.Aurora {
		const gib = 1 << 30
		p.alert(scope, "DatabaseStorage", alarmProps{
			metric:  databaseMetric(p.data.Database, "FreeStorageSpace", awscloudwatch.Stats_MINIMUM()),
			atLeast: float64(p.env.Database.StorageGiB) / 10 * gib, minutes: 15,
			description: "Less than a tenth of the database's initial storage is free, and storage has not grown by itself.",
			runbook:     "DatabaseStorage",
		})
	}
}

// alarmOnRotation goes off when the database's password could not be changed: the old one stays valid.
func alarmOnRotation(scope constructs.Construct, p *platform) {
	if p.data.Database.Rotation == "" {
		return
	}
	p.alert(scope, "RotationFailed", alarmProps{
		metric: metric("AWS/Lambda", "Errors", awscloudwatch.Stats_SUM(), "FunctionName", jsii.String(p.data.Database.Rotation)),
		above:  0, minutes: 1,
		description: "The database's password could not be rotated; the old one is still valid.",
		runbook:     "RotateSecrets",
	})
}

// alarmOnQueue watches the option's queue: what waits too long, and what no process could handle.
func alarmOnQueue(scope constructs.Construct, p *platform) {
	if p.data.Queue == nil {
		return
	}
	p.alert(scope, "QueueAge", alarmProps{
		metric: queueMetric(p.data.Queue.Name, "ApproximateAgeOfOldestMessage"), above: p.env.Alarms.BacklogAge.Seconds(), minutes: 3,
		description: "The oldest message of the queue has waited too long.",
		runbook:     "Queue",
	})
	p.alert(scope, "QueueDeadLetters", alarmProps{
		metric: queueMetric(p.data.Queue.DeadLetters, "ApproximateNumberOfMessagesVisible"), above: 0, minutes: 1,
		description: "A message was received five times and not handled: it is in the dead-letter queue, for 14 days.",
		runbook:     "Queue",
	})
}

func alarmOnCache(scope constructs.Construct, p *platform) {
	for i, node := range p.data.CacheNodes() {
		suffix := string(rune('1' + i))
		p.alert(scope, "CacheMemory"+suffix, alarmProps{
			metric: cacheMetric(node, "DatabaseMemoryUsagePercentage", awscloudwatch.Stats_MAXIMUM()), above: 80, minutes: 10,
			description: "A cache node has used more than 80 % of its memory for 10 minutes.",
			runbook:     "CacheMemory",
		})
		p.alert(scope, "CacheEvictions"+suffix, alarmProps{
			metric: cacheMetric(node, "Evictions", awscloudwatch.Stats_SUM()), above: 100, minutes: 5,
			description: "A cache node evicts more than 100 keys a minute: sessions may be among them.",
			runbook:     "CacheMemory",
		})
	}
}
