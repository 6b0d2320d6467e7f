package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// serviceProps is what differs between the services of two process types.
type serviceProps struct {
	minHealthy, maxHealthy int  // percent of the wanted tasks during a release
	failures               int  // new tasks that may fail before the release is rolled back
	desired                *int // nil where autoscaling rules: rendering a count would reset it in each deployment (aws-cdk#3919)
	rebalancing            awsecs.AvailabilityZoneRebalancing
}

// newService runs a process type as an ECS service. Each of them rolls back by itself when its new tasks fail: without a
// breaker, CloudFormation waits three hours for a task that never starts (aws-cdk#14457).
func (p *platform) newService(scope constructs.Construct, id string, task *ProcessTask, props serviceProps) awsecs.FargateService {
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
		CapacityProviderStrategies:  task.props.size.capacity(),
		SecurityGroups:              &[]awsec2.ISecurityGroup{task.group},
		VpcSubnets:                  p.data.network.taskSubnets(),
		AssignPublicIp:              jsii.Bool(p.data.network.publicAddresses()),
		EnableExecuteCommand:        jsii.Bool(p.env.Shell),
		AvailabilityZoneRebalancing: props.rebalancing,
		PropagateTags:               awsecs.PropagatedTagSource_SERVICE,
		EnableECSManagedTags:        jsii.Bool(true),
	})
	limitFailures(service.Node().DefaultChild().(awsecs.CfnService), props.failures)
	// Permissions and the rules that open the database must be there before the first task asks for them (aws-cdk#24880).
	service.Node().AddDependency(task.Construct)
	return service
}

// limitFailures sets the breaker's threshold, which the service's own construct does not offer. ECS's default waits for
// three failures at the least, one after the other, which takes a small service ten minutes.
func limitFailures(service awsecs.CfnService, failures int) {
	const breaker = "DeploymentConfiguration.DeploymentCircuitBreaker."
	service.AddPropertyOverride(jsii.String(breaker+"ThresholdConfiguration.Type"), jsii.String("COUNT"))
	service.AddPropertyOverride(jsii.String(breaker+"ThresholdConfiguration.Value"), jsii.Number(failures))
	service.AddPropertyOverride(jsii.String(breaker+"ResetOnHealthyTask"), jsii.Bool(true))
}
