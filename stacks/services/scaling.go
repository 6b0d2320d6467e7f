package services

import (
	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	scaling "github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// The expressions of metric math that workers scale on. The number of tasks is the number of samples of the CPU metric: every
// running task sends one a minute. This needs no Container Insights. The samples arrive later than the backlog: the newest minute
// repeats the number before, because a 0 would look like an overload. Without any task there is no sample and no value, and
// startFirst acts.
const (
	backlogPerTask = "FILL(backlog, 0) / IF(FILL(tasks, REPEAT) > 0, FILL(tasks, REPEAT), 1)"
	workAndNoTask  = "IF(FILL(backlog, 0) > 0 AND FILL(tasks, 0) == 0, 1, 0)"
)

// scaleOnBacklog keeps the jobs per task near the target. Jobs that are running count too, so that a busy task is not
// taken away. Target tracking does not leave zero by itself, so with Min 0 an alarm starts the first task.
func scaleOnBacklog(scope constructs.Construct, p *platform, service awsecs.FargateService, process string, settings config.Worker) {
	target := service.AutoScaleTaskCount(&scaling.EnableScalingProps{
		MinCapacity: jsii.Number(settings.Min), MaxCapacity: jsii.Number(settings.Max),
	})
	capacity := target.Node().FindChild(jsii.String("Target")).(scaling.ScalableTarget)
	trackBacklog(scope, p, service, process, settings, capacity)
	if settings.Min == 0 {
		startFirst(scope, p, service, process, capacity)
	}
}

// trackBacklog is target tracking on metric math, which only the plain CloudFormation resource offers.
func trackBacklog(
	scope constructs.Construct, p *platform, service awsecs.FargateService, process string, settings config.Worker,
	capacity scaling.ScalableTarget,
) {
	metric := func(id string, m awscloudwatch.Metric) *scaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty {
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
	scaling.NewCfnScalingPolicy(scope, jsii.String("Backlog"), &scaling.CfnScalingPolicyProps{
		PolicyName:      jsii.String("BacklogPerTask"),
		PolicyType:      jsii.String("TargetTrackingScaling"),
		ScalingTargetId: capacity.ScalableTargetId(),
		TargetTrackingScalingPolicyConfiguration: &scaling.CfnScalingPolicy_TargetTrackingScalingPolicyConfigurationProperty{
			TargetValue:      jsii.Number(settings.BacklogPerTask),
			ScaleInCooldown:  jsii.Number(300),
			ScaleOutCooldown: jsii.Number(60),
			CustomizedMetricSpecification: &scaling.CfnScalingPolicy_CustomizedMetricSpecificationProperty{
				Metrics: []any{
					metric("backlog", p.backlog(process, "Backlog")),
					metric("tasks", runningTasks(service)),
					&scaling.CfnScalingPolicy_TargetTrackingMetricDataQueryProperty{
						Id: jsii.String("backlogPerTask"), Expression: jsii.String(backlogPerTask), ReturnData: true,
					},
				},
			},
		},
	})
}

func dimensions(m awscloudwatch.Metric) []any {
	var list []any
	for _, name := range []string{"ClusterName", "ServiceName", "Process"} {
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
func startFirst(
	scope constructs.Construct, p *platform, service awsecs.FargateService, process string, capacity scaling.ScalableTarget,
) {
	action := scaling.NewStepScalingAction(scope, jsii.String("First"), &scaling.StepScalingActionProps{
		ScalingTarget:  capacity,
		AdjustmentType: scaling.AdjustmentType_CHANGE_IN_CAPACITY,
		Cooldown:       awscdk.Duration_Minutes(jsii.Number(3)),
	})
	action.AddAdjustment(&scaling.AdjustmentTier{Adjustment: jsii.Number(1), LowerBound: jsii.Number(0)})
	alarm := newAlarm(scope, "FirstNeeded", alarmProps{
		metric: math(workAndNoTask, map[string]awscloudwatch.IMetric{
			"backlog": p.backlog(process, "Backlog"), "tasks": runningTasks(service),
		}),
		above: 0, minutes: 3, agreeing: 2,
		description: "There is work and no task: starts the first task. This is normal.",
	})
	alarm.AddAlarmAction(awscloudwatchactions.NewApplicationScalingAction(action))
}
