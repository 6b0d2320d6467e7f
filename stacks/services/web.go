package services

import (
	"fmt"

	"dozen/config"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// webService is the process behind the load balancer.
type webService struct {
	constructs.Construct
	task     *processTask
	service  awsecs.FargateService
	balancer *loadBalancer
	targets  elb.ApplicationTargetGroup
	alarms   []awscloudwatch.Alarm // those that also roll a release back
}

// newWebService makes the web process's service, attaches it to the load balancer and scales it.
func newWebService(scope constructs.Construct, id string, p *platform, process config.Process, balancer *loadBalancer) *webService {
	this := constructs.NewConstruct(scope, jsii.String(id))
	settings, drain := p.env.Web, p.env.Web.Drain()
	w := &webService{Construct: this, balancer: balancer}
	w.task = newProcessTask(this, p, processProps{process: process, size: settings.Task, stopTimeout: drain.StopTimeout()})
	w.targets = newTargets(this, p, settings, drain)
	balancer.listener.AddAction(jsii.String("Web"), &elb.AddApplicationActionProps{
		Action:     elb.ListenerAction_Forward(&[]elb.IApplicationTargetGroup{w.targets}, nil),
		Priority:   jsii.Number(1),
		Conditions: &[]elb.ListenerCondition{elb.ListenerCondition_PathPatterns(jsii.Strings("/*"))},
	})
	w.service = newService(this, "Service", p, w.task, serviceProps{
		minHealthy: 100, maxHealthy: 200, failures: settings.FailuresToRollBack,
		rebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
	})
	w.service.AttachToApplicationTargetGroup(w.targets)
	graceStart(w.service.Node().DefaultChild().(awsecs.CfnService), settings)
	w.scale(settings)
	w.rollBackOnAlarms(p)
	return w
}

// defaultTargetPort is the port of targets that are registered without one. ECS registers each task with its container's port,
// so it does not follow Web.Port: another port would replace the group, and users would get 503 until the new one has targets.
const defaultTargetPort = 8080

// newTargets makes the target group: how tasks are checked, and how long they may finish their requests.
func newTargets(scope constructs.Construct, p *platform, settings config.Web, drain config.Drain) elb.ApplicationTargetGroup {
	return elb.NewApplicationTargetGroup(scope, jsii.String("Targets"), &elb.ApplicationTargetGroupProps{
		Vpc:                 p.data.Network.VPC,
		TargetType:          elb.TargetType_IP,
		Protocol:            elb.ApplicationProtocol_HTTP,
		Port:                jsii.Number(defaultTargetPort),
		DeregistrationDelay: awscdk.Duration_Seconds(jsii.Number(drain.Deregistration().Seconds())),
		HealthCheck: &elb.HealthCheck{
			Path:                    jsii.String(settings.HealthPath),
			HealthyHttpCodes:        jsii.String("200"),
			Interval:                awscdk.Duration_Seconds(jsii.Number(config.HealthInterval.Seconds())),
			Timeout:                 awscdk.Duration_Seconds(jsii.Number(config.HealthTimeout.Seconds())),
			HealthyThresholdCount:   jsii.Number(config.HealthThreshold),
			UnhealthyThresholdCount: jsii.Number(config.HealthThreshold),
		},
	})
}

// graceStart keeps ECS from killing a task that is still within its start budget.
func graceStart(service awsecs.CfnService, settings config.Web) {
	service.SetHealthCheckGracePeriodSeconds(jsii.Number(settings.StartBudget.Seconds()))
}

func (w *webService) scale(settings config.Web) {
	scaling := w.service.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{
		MinCapacity: jsii.Number(settings.Min), MaxCapacity: jsii.Number(settings.Max),
	})
	in := awscdk.Duration_Minutes(jsii.Number(5))
	out := awscdk.Duration_Minutes(jsii.Number(1))
	scaling.ScaleOnCpuUtilization(jsii.String("Cpu"), &awsecs.CpuUtilizationScalingProps{
		TargetUtilizationPercent: jsii.Number(settings.CPUPercent), ScaleInCooldown: in, ScaleOutCooldown: out,
	})
	scaling.ScaleOnMemoryUtilization(jsii.String("Memory"), &awsecs.MemoryUtilizationScalingProps{
		TargetUtilizationPercent: jsii.Number(settings.MemoryPercent), ScaleInCooldown: in, ScaleOutCooldown: out,
	})
	scaling.ScaleOnRequestCount(jsii.String("Requests"), &awsecs.RequestCountScalingProps{
		RequestsPerTarget: jsii.Number(settings.RequestsPerTask), TargetGroup: w.targets,
		ScaleInCooldown: in, ScaleOutCooldown: out,
	})
}

// rollBackOnAlarms ends a release whose tasks are healthy and still answer with errors or too slowly. The alarms watch the target
// group and not the service, because CloudFormation could not order them otherwise. The service's own method warns of that,
// in six paragraphs for each command, whatever the alarms watch.
func (w *webService) rollBackOnAlarms(p *platform) {
	sum, targets := perMinute(awscloudwatch.Stats_SUM()), w.targets.Metrics()
	w.alarms = []awscloudwatch.Alarm{
		p.alert(w.Construct, "Errors", alarmProps{
			metric: math(errorPercent, map[string]awscloudwatch.IMetric{
				"errors": targets.HttpCodeTarget(elb.HttpCodeTarget_TARGET_5XX_COUNT, sum), "requests": targets.RequestCount(sum),
			}),
			above: float64(p.env.Alarms.ErrorPercent), minutes: 3, agreeing: 2,
			description: fmt.Sprintf("Web answered more than %d %% of its requests with 5xx.", p.env.Alarms.ErrorPercent),
			runbook:     "WebErrors",
		}),
		p.alert(w.Construct, "Latency", alarmProps{
			metric: math(latency, map[string]awscloudwatch.IMetric{
				"slowest":  targets.TargetResponseTime(perMinute(jsii.String("p99"))),
				"median":   targets.TargetResponseTime(perMinute(jsii.String("p50"))),
				"requests": targets.RequestCount(sum),
			}),
			above: p.env.Alarms.LatencyP99.Seconds(), minutes: 3,
			description: "One request in a hundred took web longer than the environment allows; with fewer than 100 requests a minute, " +
				"every second one.",
			runbook: "WebLatency",
		}),
	}
	names := make([]*string, len(w.alarms))
	for i, alarm := range w.alarms {
		names[i] = alarm.AlarmName()
	}
	w.service.Node().DefaultChild().(awsecs.CfnService).AddPropertyOverride(jsii.String("DeploymentConfiguration.Alarms"),
		map[string]any{"AlarmNames": names, "Enable": true, "Rollback": true})
}
