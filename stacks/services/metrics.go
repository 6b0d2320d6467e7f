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

// runningTasks counts a service's tasks by the samples of their CPU metric.
func runningTasks(service awsecs.FargateService) awscloudwatch.Metric {
	return service.MetricCpuUtilization(perMinute(jsii.String("SampleCount")))
}

// backlog is one of the metrics that the app writes for a worker, see docs/contract.md.
func (p *platform) backlog(process, name string) awscloudwatch.Metric {
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

func metric(namespace, name string, statistic *string, dimension string, value *string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(namespace), MetricName: jsii.String(name), Statistic: statistic,
		DimensionsMap: &map[string]*string{dimension: value}, Period: awscdk.Duration_Minutes(jsii.Number(1)),
	})
}
