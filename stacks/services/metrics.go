package services

import (
	"dozen/stacks/data"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// perMinute is a statistic of a metric over one minute.
func perMinute(statistic *string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Statistic: statistic, Period: awscdk.Duration_Minutes(jsii.Number(1))}
}

// The expressions of metric math that the alarms on web watch. A minute without errors, or without requests, has no value.
const (
	// One error says nothing about a rate. With two, an application with two requests a minute is noticed as well as a busy one.
	errorPercent = "IF(errors >= 2, 100 * errors / requests, 0)"
	// The load balancer's own errors are not among its requests, unless it had chosen a target. Without any target there is no
	// request at all.
	ownErrorPercent = "IF(errors >= 2, 100 * errors / (errors + FILL(requests, 0)), 0)"
	// The slowest of fewer than 100 requests is one request; the median is not.
	latency = "IF(requests >= 100, slowest, median)"
)

// math is an expression over metrics of one minute each, by the names that it uses.
func math(expression string, metrics map[string]awscloudwatch.IMetric) awscloudwatch.MathExpression {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String(expression), UsingMetrics: &metrics, Period: awscdk.Duration_Minutes(jsii.Number(1)),
	})
}

// runningTasks counts a service's tasks by the samples of their CPU metric.
func runningTasks(service awsecs.FargateService) awscloudwatch.Metric {
	return service.MetricCpuUtilization(perMinute(jsii.String("SampleCount")))
}

// backlogMetric is one of the metrics that the app writes for a worker, see docs/variables.md, or that the proxy counts.
func (p *platform) backlogMetric(process, name string) awscloudwatch.Metric {
	return metric(p.env.MetricsNamespace(), name, awscloudwatch.Stats_MAXIMUM(), "Process", jsii.String(process))
}

// databaseMetric is one of RDS's metrics of the instance or cluster.
func databaseMetric(d data.Database, name string, statistic *string) awscloudwatch.Metric {
	dimension := "DBInstanceIdentifier"
	if d.Aurora {
		dimension = "DBClusterIdentifier"
	}
	return metric("AWS/RDS", name, statistic, dimension, d.Identifier)
}

// cacheMetric is one of ElastiCache's metrics of a node.
func cacheMetric(node *string, name string, statistic *string) awscloudwatch.Metric {
	return metric("AWS/ElastiCache", name, statistic, "CacheClusterId", node)
}

// queueMetric is one of SQS's metrics of a queue.
func queueMetric(queue *string, name string) awscloudwatch.Metric {
	return metric("AWS/SQS", name, awscloudwatch.Stats_MAXIMUM(), "QueueName", queue)
}

func metric(namespace, name string, statistic *string, dimension string, value *string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(namespace), MetricName: jsii.String(name), Statistic: statistic,
		DimensionsMap: &map[string]*string{dimension: value}, Period: awscdk.Duration_Minutes(jsii.Number(1)),
	})
}
