package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// WebService is the process behind the load balancer.
type WebService struct {
	constructs.Construct
	task     *ProcessTask
	service  awsecs.FargateService
	balancer *LoadBalancer
	targets  elb.ApplicationTargetGroup
	alarms   []awscloudwatch.Alarm // those that also roll a release back
}

// NewWebService makes the web process's service, attaches it to the load balancer and scales it.
func NewWebService(scope constructs.Construct, id string, p *platform, process Process, balancer *LoadBalancer) *WebService {
	this := constructs.NewConstruct(scope, jsii.String(id))
	settings, d := p.env.Web, drain{p.env.Web.LongestRequest}
	w := &WebService{Construct: this, balancer: balancer}
	w.task = p.newTask(this, processProps{
		name: process.Name, command: process.Command, size: settings.Task, stopTimeout: d.stopTimeout(), web: true,
	})
	w.targets = elb.NewApplicationTargetGroup(this, jsii.String("Targets"), &elb.ApplicationTargetGroupProps{
		Vpc:                 p.data.network.vpc,
		TargetType:          elb.TargetType_IP,
		Protocol:            elb.ApplicationProtocol_HTTP,
		Port:                jsii.Number(settings.Port),
		DeregistrationDelay: awscdk.Duration_Seconds(jsii.Number(d.deregistration().Seconds())),
		HealthCheck: &elb.HealthCheck{
			Path:                    jsii.String(settings.HealthPath),
			HealthyHttpCodes:        jsii.String("200"),
			Interval:                awscdk.Duration_Seconds(jsii.Number(healthInterval.Seconds())),
			Timeout:                 awscdk.Duration_Seconds(jsii.Number(healthTimeout.Seconds())),
			HealthyThresholdCount:   jsii.Number(healthThreshold),
			UnhealthyThresholdCount: jsii.Number(healthThreshold),
		},
	})
	balancer.listener.AddAction(jsii.String("Web"), &elb.AddApplicationActionProps{
		Action:     elb.ListenerAction_Forward(&[]elb.IApplicationTargetGroup{w.targets}, nil),
		Priority:   jsii.Number(1),
		Conditions: &[]elb.ListenerCondition{elb.ListenerCondition_PathPatterns(jsii.Strings("/*"))},
	})
	w.service = p.newService(this, "Service", w.task, serviceProps{
		minHealthy: 100, maxHealthy: 200, failures: settings.FailuresToRollBack,
		rebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
	})
	w.service.AttachToApplicationTargetGroup(w.targets)
	graceful(w.service.Node().DefaultChild().(awsecs.CfnService), settings)
	w.scale(settings)
	w.rollBackOnAlarms(p)
	return w
}

// graceful keeps ECS from killing a task that is still within its start budget.
func graceful(service awsecs.CfnService, settings Web) {
	service.SetHealthCheckGracePeriodSeconds(jsii.Number(settings.StartBudget.Seconds()))
}

func (w *WebService) scale(settings Web) {
	scaling := w.service.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{
		MinCapacity: jsii.Number(settings.Min), MaxCapacity: jsii.Number(settings.Max),
	})
	calm := awscdk.Duration_Minutes(jsii.Number(5))
	quick := awscdk.Duration_Minutes(jsii.Number(1))
	scaling.ScaleOnCpuUtilization(jsii.String("Cpu"), &awsecs.CpuUtilizationScalingProps{
		TargetUtilizationPercent: jsii.Number(settings.CPUPercent), ScaleInCooldown: calm, ScaleOutCooldown: quick,
	})
	scaling.ScaleOnMemoryUtilization(jsii.String("Memory"), &awsecs.MemoryUtilizationScalingProps{
		TargetUtilizationPercent: jsii.Number(settings.MemoryPercent), ScaleInCooldown: calm, ScaleOutCooldown: quick,
	})
	scaling.ScaleOnRequestCount(jsii.String("Requests"), &awsecs.RequestCountScalingProps{
		RequestsPerTarget: jsii.Number(settings.RequestsPerTask), TargetGroup: w.targets, ScaleInCooldown: calm, ScaleOutCooldown: quick,
	})
}

// rollBackOnAlarms ends a release whose tasks are healthy and still answer with errors or too late. The alarms look at the
// target group and not at the service, because CloudFormation could not order them otherwise.
func (w *WebService) rollBackOnAlarms(p *platform) {
	w.alarms = []awscloudwatch.Alarm{
		p.alert(w.Construct, "Errors", alarmProps{
			metric: w.targets.Metrics().HttpCodeTarget(elb.HttpCodeTarget_TARGET_5XX_COUNT, every(awscloudwatch.Stats_SUM())), above: 10, minutes: 2,
			says: "Web answered more than 10 requests a minute with 5xx. Runbook: docs/runbooks/WebErrors.md",
		}),
		p.alert(w.Construct, "Latency", alarmProps{
			metric: w.targets.Metrics().TargetResponseTime(every(jsii.String("p99"))),
			above:  p.env.Alarms.LatencyP99.Seconds(), minutes: 3,
			says: "One request in a hundred took web longer than the environment allows. Runbook: docs/runbooks/WebLatency.md",
		}),
	}
	names := make([]*string, len(w.alarms))
	for i, alarm := range w.alarms {
		names[i] = alarm.AlarmName()
	}
	w.service.EnableDeploymentAlarms(&names, &awsecs.DeploymentAlarmOptions{Behavior: awsecs.AlarmBehavior_ROLLBACK_ON_ALARM})
}
