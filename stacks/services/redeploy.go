package services

import (
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctionstasks"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// redeploy brings a changed third-party secret into the running tasks. ECS injects secrets when a task starts and never again
// (containers-roadmap#495), so that after a rotation the tasks keep using the old value until it is refused:
//
//	Secrets Manager: AWSCURRENT moved --> rule --> state machine --> ecs:UpdateService, forceNewDeployment, every service
//	Parameter Store: written          -->
//
// The events are the services' own. They come after a rotation and after a value written by hand, and need no trail.
type redeploy struct {
	constructs.Construct
	machine awsstepfunctions.StateMachine
}

// newRedeploy watches the secrets of Environment.Secrets, which every service receives.
func newRedeploy(scope constructs.Construct, id string, p *platform, f formation) *redeploy {
	this := constructs.NewConstruct(scope, jsii.String(id))
	all := awsstepfunctions.NewParallel(this, jsii.String("All"), nil)
	services := constructs.NewConstruct(this, jsii.String("Services"))
	for _, service := range f.services() {
		all.Branch(restart(services, p, service))
	}
	r := &redeploy{Construct: this}
	r.machine = awsstepfunctions.NewStateMachine(this, jsii.String("Machine"), &awsstepfunctions.StateMachineProps{
		Comment:        jsii.String("Starts a new deployment of every service, so that its tasks read their secrets again"),
		DefinitionBody: awsstepfunctions.DefinitionBody_FromChainable(all),
		Timeout:        awscdk.Duration_Minutes(jsii.Number(15)),
	})
	nag.Acknowledge(r.machine, nag.KeepsOwnHistory)
	secrets, parameters := p.watched()
	if len(secrets) > 0 {
		r.start("Changed", awsevents.EventPattern{
			Source:     jsii.Strings("aws.secretsmanager"),
			DetailType: jsii.Strings("Secret Label Updated"),
			Resources:  awsevents.Match_AnyOf(secrets...),
			Detail:     &map[string]any{"labelUpdated": []string{"AWSCURRENT"}},
		})
	}
	if len(parameters) > 0 {
		r.start("ParameterChanged", awsevents.EventPattern{
			Source:     jsii.Strings("aws.ssm"),
			DetailType: jsii.Strings("Parameter Store Change"),
			Detail:     &map[string]any{"name": parameters, "operation": []string{"Create", "Update"}},
		})
	}
	p.alert(this, "Failed", alarmProps{
		metric: r.machine.MetricFailed(perMinute(awscloudwatch.Stats_SUM())), above: 0, minutes: 1,
		description: "A secret has a new value and the services could not be restarted with it.",
		runbook:     "RotateSecrets",
	})
	return r
}

// start lets events start the machine.
func (r *redeploy) start(id string, events awsevents.EventPattern) {
	awsevents.NewRule(r.Construct, jsii.String(id), &awsevents.RuleProps{
		Description:  jsii.String("A secret that tasks receive has a new value"),
		EventPattern: &events,
		Targets:      &[]awsevents.IRuleTarget{awseventstargets.NewSfnStateMachine(r.machine, nil)},
	})
}

// restart is the state that starts a new service deployment of one service. ECS refuses while another one is starting, hence
// the retries.
func restart(scope constructs.Construct, p *platform, service namedService) awsstepfunctions.IChainable {
	state := awsstepfunctionstasks.NewCallAwsService(scope, jsii.String(service.name), &awsstepfunctionstasks.CallAwsServiceProps{
		Service: jsii.String("ecs"),
		Action:  jsii.String("updateService"),
		Parameters: &map[string]any{
			"Cluster": p.cluster.ClusterName(), "Service": service.ServiceName(), "ForceNewDeployment": true,
		},
		IamAction:    jsii.String("ecs:UpdateService"),
		IamResources: &[]*string{service.ServiceArn()},
		// The answer contains the whole service, which is more than a state may pass on.
		ResultPath: awsstepfunctions.JsonPath_DISCARD(),
	})
	state.AddRetry(&awsstepfunctions.RetryProps{
		Errors:   jsii.Strings("States.ALL"),
		Interval: awscdk.Duration_Seconds(jsii.Number(15)), MaxAttempts: jsii.Number(5), BackoffRate: jsii.Number(2),
	})
	return state
}
