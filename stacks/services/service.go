package services

import (
	"dozen/config"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// serviceProps is what differs between the services of two processes.
type serviceProps struct {
	minHealthy, maxHealthy int  // percent of the desired tasks during a release
	failures               int  // new tasks that may fail before the release is rolled back
	desired                *int // nil with autoscaling: rendering a count would reset it in each deployment (aws-cdk#3919)
	rebalancing            awsecs.AvailabilityZoneRebalancing
}

// newService runs a process as an ECS service. Each service rolls back by itself when its new tasks fail: without a breaker,
// CloudFormation waits three hours for a task that never starts (aws-cdk#14457).
func newService(scope constructs.Construct, id string, p *platform, task *processTask, props serviceProps) awsecs.FargateService {
	var desired *float64
	if props.desired != nil {
		desired = jsii.Number(*props.desired)
	}
	service := awsecs.NewFargateService(scope, jsii.String(id), &awsecs.FargateServiceProps{
		Cluster:                     p.cluster,
		TaskDefinition:              task.definition,
		DesiredCount:                desired,
		MinHealthyPercent:           jsii.Number(props.minHealthy),
		MaxHealthyPercent:           jsii.Number(props.maxHealthy),
		CircuitBreaker:              &awsecs.DeploymentCircuitBreaker{Enable: jsii.Bool(true), Rollback: jsii.Bool(true)},
		CapacityProviderStrategies:  capacity(task.props.size),
		SecurityGroups:              &[]awsec2.ISecurityGroup{task.group},
		VpcSubnets:                  p.data.Network.TaskSubnets,
		AssignPublicIp:              jsii.Bool(p.data.Network.PublicAddresses),
		EnableExecuteCommand:        jsii.Bool(p.env.Shell),
		AvailabilityZoneRebalancing: props.rebalancing,
		PropagateTags:               awsecs.PropagatedTagSource_SERVICE,
		EnableECSManagedTags:        jsii.Bool(true),
	})
	if p.env.Shell {
		nag.AcknowledgePolicy(task.definition.TaskRole(), nag.TakesNoResource) // the calls of ECS Exec
	}
	limitFailures(service.Node().DefaultChild().(awsecs.CfnService), props.failures)
	awscdk.Tags_Of(service).Add(jsii.String(config.ProcessTag), jsii.String(task.props.process.Name), nil)
	// Permissions and the rules that open the database must exist before the first task needs them (aws-cdk#24880).
	service.Node().AddDependency(task.Construct, p.capacity)
	return service
}

// limitFailures sets the breaker's threshold, which the service's own construct does not offer. ECS's default waits for at
// least three failures, one after the other, which takes a small service ten minutes.
func limitFailures(service awsecs.CfnService, failures int) {
	const breaker = "DeploymentConfiguration.DeploymentCircuitBreaker."
	service.AddPropertyOverride(jsii.String(breaker+"ThresholdConfiguration.Type"), jsii.String("COUNT"))
	service.AddPropertyOverride(jsii.String(breaker+"ThresholdConfiguration.Value"), jsii.Number(failures))
	service.AddPropertyOverride(jsii.String(breaker+"ResetOnHealthyTask"), jsii.Bool(true))
}

// capacity spreads tasks over on-demand and Spot capacity by the share of Spot.
func capacity(size config.Task) *[]*awsecs.CapacityProviderStrategy {
	var strategies []*awsecs.CapacityProviderStrategy
	add := func(provider string, weight int) {
		if weight > 0 {
			strategies = append(strategies, &awsecs.CapacityProviderStrategy{
				CapacityProvider: jsii.String(provider), Weight: jsii.Number(weight),
			})
		}
	}
	add("FARGATE", 100-size.SpotPercent)
	add("FARGATE_SPOT", size.SpotPercent)
	return &strategies
}
