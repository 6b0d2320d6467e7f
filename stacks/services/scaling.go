package services

import (
	"fmt"
	"maps"
	"slices"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	scaling "github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

// The expressions of metric math that workers scale on, around the expression of their backlog. The number of tasks is the number
// of samples of the CPU metric: every running task sends one a minute. This needs no Container Insights. The samples arrive later
// than the backlog: the newest minute repeats the number before, because a 0 would look like an overload. Without any task there is
// no sample and no value, and startFirst acts.
const (
	backlogPerTask = "(%s) / IF(FILL(tasks, REPEAT) > 0, FILL(tasks, REPEAT), 1)"
	workAndNoTask  = "IF(%s > 0 AND FILL(tasks, 0) == 0, 1, 0)"
)

// scale keeps a worker's jobs per task, or its CPU, near the target. Jobs that are running count too, so that a busy task is not
// taken away. Target tracking does not leave zero by itself, so with Min 0 an alarm starts the first task.
func (w *workerService) scale(p *platform, settings config.Worker) {
	target := w.service.AutoScaleTaskCount(&scaling.EnableScalingProps{
		MinCapacity: jsii.Number(settings.Min), MaxCapacity: jsii.Number(settings.Max),
	})
	if settings.Source.Kind == config.SourceCPU {
		target.ScaleOnCpuUtilization(jsii.String("Cpu"), &awsecs.CpuUtilizationScalingProps{
			TargetUtilizationPercent: jsii.Number(settings.Source.CPUPercent),
			ScaleInCooldown:          awscdk.Duration_Seconds(jsii.Number(calmBeforeScalingIn)),
			ScaleOutCooldown:         awscdk.Duration_Seconds(jsii.Number(calmBeforeScalingOut)),
		})
		return
	}
	capacity := target.Node().FindChild(jsii.String("Target")).(scaling.ScalableTarget)
	jobs := p.backlogOf(w.process)
	w.trackBacklog(jobs, settings, capacity)
	if settings.Min == 0 {
		w.startFirst(jobs, capacity)
	}
}

// Seconds between two steps of scaling.
const (
	calmBeforeScalingIn  = 300
	calmBeforeScalingOut = 60
)

// trackBacklog is target tracking on metric math, which only the plain CloudFormation resource offers.
func (w *workerService) trackBacklog(jobs backlog, settings config.Worker, capacity scaling.ScalableTarget) {
	var queries []any
	for _, id := range slices.Sorted(maps.Keys(jobs.metrics)) {
		queries = append(queries, query(id, jobs.metrics[id]))
	}
	queries = append(queries, query("tasks", runningTasks(w.service)),
		&scaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty{
			Id: jsii.String("backlogPerTask"), Expression: jsii.Sprintf(backlogPerTask, jobs.expression), ReturnData: true,
		})
	scaling.NewCfnScalingPolicy(w.Construct, jsii.String("Backlog"), &scaling.CfnScalingPolicyProps{
		PolicyName:      jsii.String("BacklogPerTask"),
		PolicyType:      jsii.String("TargetTrackingScaling"),
		ScalingTargetId: capacity.ScalableTargetId(),
		TargetTrackingScalingPolicyConfiguration: &scaling.CfnScalingPolicy_TargetTrackingScalingPolicyConfigurationProperty{
			TargetValue:      jsii.Number(settings.BacklogPerTask),
			ScaleInCooldown:  jsii.Number(calmBeforeScalingIn),
			ScaleOutCooldown: jsii.Number(calmBeforeScalingOut),
			CustomizedMetricSpecification: &scaling.CfnScalingPolicy_CustomizedMetricSpecificationProperty{
				Metrics: queries,
			},
		},
	})
}

// query is a metric as target tracking reads it.
func query(id string, m awscloudwatch.Metric) *scaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty {
	return &scaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty{
		Id: jsii.String(id), ReturnData: false,
		MetricStat: &scaling.CfnScalingPolicy_TargetTrackingMetricStatProperty{
			Stat: m.Statistic(),
			Metric: &scaling.CfnScalingPolicy_TargetTrackingMetricProperty{
				Namespace: m.Namespace(), MetricName: m.MetricName(), Dimensions: dimensions(m),
			},
		},
	}
}

func dimensions(m awscloudwatch.Metric) []any {
	var list []any
	for _, name := range []string{"ClusterName", "ServiceName", "Process", "QueueName"} {
		if value, ok := (*m.Dimensions())[name]; ok {
			list = append(list, &scaling.CfnScalingPolicy_TargetTrackingMetricDimensionProperty{
				Name: jsii.String(name), Value: jsii.String(value.(string)),
			})
		}
	}
	return list
}

// startFirst starts a task when there is work and no task. It adds a task and never sets their number, and two of three minutes
// must agree: while the count of a running task is still on its way, it must not stop one.
func (w *workerService) startFirst(jobs backlog, capacity scaling.ScalableTarget) {
	metrics := map[string]awscloudwatch.IMetric{"tasks": runningTasks(w.service)}
	for id, m := range jobs.metrics {
		metrics[id] = m
	}
	action := scaling.NewStepScalingAction(w.Construct, jsii.String("First"), &scaling.StepScalingActionProps{
		ScalingTarget:  capacity,
		AdjustmentType: scaling.AdjustmentType_CHANGE_IN_CAPACITY,
		Cooldown:       awscdk.Duration_Minutes(jsii.Number(3)),
	})
	action.AddAdjustment(&scaling.AdjustmentTier{Adjustment: jsii.Number(1), LowerBound: jsii.Number(0)})
	alarm := newAlarm(w.Construct, "FirstNeeded", alarmProps{
		metric: math(fmt.Sprintf(workAndNoTask, jobs.expression), metrics),
		above:  0, minutes: 3, agreeing: 2,
		description: "There is work and no task: starts the first task. This is normal.",
	})
	alarm.AddAlarmAction(awscloudwatchactions.NewApplicationScalingAction(action))
}
