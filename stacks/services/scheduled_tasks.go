package services

import (
	"maps"
	"slices"

	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// scheduledTasks runs one-off commands on a schedule: each in a task of its own that sees what web sees, and exits.
//
//	EventBridge Scheduler --RunTask--> admin task definition, other command
type scheduledTasks struct {
	constructs.Construct
	group awsscheduler.ScheduleGroup
	role  awsiam.Role
}

// A start that fails, for example because Fargate has no capacity, is tried again. After an hour the run is skipped and an
// alarm goes off. A command that has started is never started twice.
const (
	startAttempts = 10
	startSeconds  = 3600
)

// newScheduledTasks makes a schedule for each of Environment.ScheduledTasks, in a group of their own.
func newScheduledTasks(
	scope constructs.Construct, id string, p *platform, web *processTask, admin awsecs.FargateTaskDefinition,
) *scheduledTasks {
	this := constructs.NewConstruct(scope, jsii.String(id))
	s := &scheduledTasks{
		Construct: this,
		group: awsscheduler.NewScheduleGroup(this, jsii.String("Group"), &awsscheduler.ScheduleGroupProps{
			RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		}),
		role: awsiam.NewRole(this, jsii.String("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
				Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()}},
			}),
		}),
	}
	p.allowRunTask(s.role, admin)
	p.allowPassRoles(s.role, admin)
	nag.AcknowledgePolicy(s.role, nag.NamedWhenMade)
	schedules := constructs.NewConstruct(this, jsii.String("Schedules"))
	for _, name := range slices.Sorted(maps.Keys(p.env.ScheduledTasks)) {
		s.add(schedules, name, p, web, admin)
	}
	p.alert(this, "Dropped", alarmProps{
		metric: s.group.MetricDropped(perMinute(awscloudwatch.Stats_SUM())), above: 0, minutes: 1,
		description: "A scheduled task could not be started within an hour and did not run.",
		runbook:     "ScheduledTasks",
	})
	return s
}

func (s *scheduledTasks) add(
	scope constructs.Construct, name string, p *platform, web *processTask, admin awsecs.FargateTaskDefinition,
) {
	task, network := p.env.ScheduledTasks[name], p.oneOff(web)
	schedule := awsscheduler.NewCfnSchedule(scope, jsii.String(name), &awsscheduler.CfnScheduleProps{
		GroupName:                  s.group.ScheduleGroupName(),
		ScheduleExpression:         jsii.String(task.Schedule),
		ScheduleExpressionTimezone: jsii.String("UTC"),
		FlexibleTimeWindow:         &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target: &awsscheduler.CfnSchedule_TargetProperty{
			Arn:     p.cluster.ClusterArn(),
			RoleArn: s.role.RoleArn(),
			Input:   jsii.String(task.RunTaskOverrides()),
			EcsParameters: &awsscheduler.CfnSchedule_EcsParametersProperty{
				TaskDefinitionArn: admin.TaskDefinitionArn(),
				TaskCount:         jsii.Number(1),
				LaunchType:        jsii.String("FARGATE"),
				NetworkConfiguration: &awsscheduler.CfnSchedule_NetworkConfigurationProperty{
					AwsvpcConfiguration: &awsscheduler.CfnSchedule_AwsVpcConfigurationProperty{
						Subnets:        network.subnets,
						SecurityGroups: &network.securityGroups,
						AssignPublicIp: jsii.String(network.assignPublicIP),
					},
				},
			},
			RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
				MaximumRetryAttempts: jsii.Number(startAttempts), MaximumEventAgeInSeconds: jsii.Number(startSeconds),
			},
		},
	})
	// Scheduler tries the role when the schedule is made, and refers to the group by its name only. The first run needs the
	// permissions of web's roles and the rules that open the database.
	schedule.Node().AddDependency(s.role, s.group, web.Construct)
}
