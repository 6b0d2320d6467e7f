package stacks

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// ScheduledTasks runs one-off commands by the clock: each in a task of its own that sees what web sees, and exits.
//
//	EventBridge Scheduler --RunTask--> admin task definition, other command
type ScheduledTasks struct {
	constructs.Construct
	group awsscheduler.ScheduleGroup
	role  awsiam.Role
}

// A start that fails, for want of Fargate capacity say, is tried again; after an hour the run is given up and an alarm
// rings. A command that starts is never started twice by this.
const (
	startAttempts = 10
	startSeconds  = 3600
)

// NewScheduledTasks makes a schedule for each of Environment.ScheduledTasks, in a group of their own.
func NewScheduledTasks(scope constructs.Construct, id string, p *platform, web *ProcessTask, admin awsecs.FargateTaskDefinition) *ScheduledTasks {
	this := constructs.NewConstruct(scope, jsii.String(id))
	s := &ScheduledTasks{
		Construct: this,
		group:     awsscheduler.NewScheduleGroup(this, jsii.String("Group"), &awsscheduler.ScheduleGroupProps{RemovalPolicy: awscdk.RemovalPolicy_DESTROY}),
		role: awsiam.NewRole(this, jsii.String("Role"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
				Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()}},
			}),
		}),
	}
	s.grant(p, admin)
	schedules := constructs.NewConstruct(this, jsii.String("Schedules"))
	for _, name := range slices.Sorted(maps.Keys(p.env.ScheduledTasks)) {
		s.add(schedules, name, p, web, admin)
	}
	p.alert(this, "Dropped", alarmProps{
		metric: s.group.MetricDropped(every(awscloudwatch.Stats_SUM())), above: 0, minutes: 1,
		says: "A scheduled task could not be started within an hour and did not run. Runbook: docs/runbooks/ScheduledTasks.md",
	})
	return s
}

// grant lets the schedules start this one family in this cluster, with its two roles.
func (s *ScheduledTasks) grant(p *platform, admin awsecs.FargateTaskDefinition) {
	family := awscdk.Stack_Of(s.Construct).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ecs"), Resource: jsii.String("task-definition"), ResourceName: jsii.Sprintf("%s:*", *admin.Family()),
	})
	inCluster := &map[string]any{"ArnEquals": map[string]any{"ecs:cluster": p.cluster.ClusterArn()}}
	toTasks := &map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
	allow(s.role, inCluster, []*string{family}, "ecs:RunTask")
	allow(s.role, toTasks, []*string{admin.TaskRole().RoleArn(), admin.ExecutionRole().RoleArn()}, "iam:PassRole")
	acknowledge(s.role, gateFollowsRevisions)
}

func (s *ScheduledTasks) add(scope constructs.Construct, name string, p *platform, web *ProcessTask, admin awsecs.FargateTaskDefinition) {
	task, network := p.env.ScheduledTasks[name], p.data.network
	address := "DISABLED"
	if network.publicAddresses() {
		address = "ENABLED"
	}
	schedule := awsscheduler.NewCfnSchedule(scope, jsii.String(name), &awsscheduler.CfnScheduleProps{
		GroupName:                  s.group.ScheduleGroupName(),
		ScheduleExpression:         jsii.String(task.Schedule),
		ScheduleExpressionTimezone: jsii.String("UTC"),
		FlexibleTimeWindow:         &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target: &awsscheduler.CfnSchedule_TargetProperty{
			Arn:     p.cluster.ClusterArn(),
			RoleArn: s.role.RoleArn(),
			Input:   jsii.String(task.overrides()),
			EcsParameters: &awsscheduler.CfnSchedule_EcsParametersProperty{
				TaskDefinitionArn: admin.TaskDefinitionArn(),
				TaskCount:         jsii.Number(1),
				LaunchType:        jsii.String("FARGATE"),
				NetworkConfiguration: &awsscheduler.CfnSchedule_NetworkConfigurationProperty{
					AwsvpcConfiguration: &awsscheduler.CfnSchedule_AwsVpcConfigurationProperty{
						Subnets:        network.vpc.SelectSubnets(network.taskSubnets()).SubnetIds,
						SecurityGroups: &[]*string{web.group.SecurityGroupId()},
						AssignPublicIp: jsii.String(address),
					},
				},
			},
			RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
				MaximumRetryAttempts: jsii.Number(startAttempts), MaximumEventAgeInSeconds: jsii.Number(startSeconds),
			},
		},
	})
	// Scheduler tries the role when the schedule is made, and knows the group by its name only.
	schedule.Node().AddDependency(s.role, s.group)
}

// overrides put the command into the app's container, in the form that ecs:RunTask takes.
func (t ScheduledTask) overrides() string {
	type container struct {
		Name    string   `json:"name"`
		Command []string `json:"command"`
	}
	data, err := json.Marshal(map[string][]container{"containerOverrides": {{containerName, t.Command}}})
	if err != nil {
		panic(err) // strings only: cannot happen
	}
	return string(data)
}
