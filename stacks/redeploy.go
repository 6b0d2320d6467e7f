package stacks

import (
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctionstasks"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Redeploy brings a changed third-party secret into the running tasks. ECS injects secrets when a task starts and never
// again (containers-roadmap#495), so that after a rotation the tasks go on with the old value until it is refused:
//
//	Secrets Manager: AWSCURRENT moved --> rule --> state machine --> ecs:UpdateService, forceNewDeployment, every service
//
// The event is Secrets Manager's own. It comes after a rotation and after a value written by hand, and needs no trail.
type Redeploy struct {
	constructs.Construct
	machine awsstepfunctions.StateMachine
}

// NewRedeploy watches the secrets of Environment.Secrets, which every service receives.
func NewRedeploy(scope constructs.Construct, id string, p *platform, f formation) *Redeploy {
	this := constructs.NewConstruct(scope, jsii.String(id))
	all, services := awsstepfunctions.NewParallel(this, jsii.String("All"), nil), constructs.NewConstruct(this, jsii.String("Services"))
	for _, service := range f.services() {
		all.Branch(renew(services, p, service))
	}
	r := &Redeploy{Construct: this}
	r.machine = awsstepfunctions.NewStateMachine(this, jsii.String("Machine"), &awsstepfunctions.StateMachineProps{
		Comment:        jsii.String("Starts a new deployment of every service, so that its tasks read their secrets again"),
		DefinitionBody: awsstepfunctions.DefinitionBody_FromChainable(all),
		Timeout:        awscdk.Duration_Minutes(jsii.Number(15)),
	})
	acknowledge(r.machine, keepsOwnHistory)
	awsevents.NewRule(this, jsii.String("Changed"), &awsevents.RuleProps{
		Description: jsii.String("A secret that tasks receive has a new value"),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("aws.secretsmanager"),
			DetailType: jsii.Strings("Secret Label Updated"),
			Resources:  p.env.secretARNs(),
			Detail:     &map[string]any{"labelUpdated": []string{"AWSCURRENT"}},
		},
		Targets: &[]awsevents.IRuleTarget{awseventstargets.NewSfnStateMachine(r.machine, nil)},
	})
	p.alert(this, "Failed", alarmProps{
		metric: r.machine.MetricFailed(every(awscloudwatch.Stats_SUM())), above: 0, minutes: 1,
		says: "A secret has a new value and the services could not be restarted with it. Runbook: docs/runbooks/RotateSecrets.md",
	})
	return r
}

// renew is the state that starts a new deployment of one service. ECS refuses while another one is being started, hence
// the retries.
func renew(scope constructs.Construct, p *platform, service namedService) awsstepfunctions.IChainable {
	state := awsstepfunctionstasks.NewCallAwsService(scope, jsii.String(service.name), &awsstepfunctionstasks.CallAwsServiceProps{
		Service: jsii.String("ecs"),
		Action:  jsii.String("updateService"),
		Parameters: &map[string]any{
			"Cluster": p.cluster.ClusterName(), "Service": service.ServiceName(), "ForceNewDeployment": true,
		},
		IamAction:    jsii.String("ecs:UpdateService"),
		IamResources: &[]*string{service.ServiceArn()},
		// The answer holds the whole service, more than a state may carry on.
		ResultPath: awsstepfunctions.JsonPath_DISCARD(),
	})
	state.AddRetry(&awsstepfunctions.RetryProps{
		Errors: jsii.Strings("States.ALL"), Interval: awscdk.Duration_Seconds(jsii.Number(15)), MaxAttempts: jsii.Number(5), BackoffRate: jsii.Number(2),
	})
	return state
}

// namedService is a service and its process's name in the Procfile.
type namedService struct {
	awsecs.FargateService
	name string
}

// services are those of the formation in a fixed order.
func (f formation) services() []namedService {
	services := []namedService{{f.web.service, f.web.task.props.name}}
	for _, worker := range f.workers {
		services = append(services, namedService{worker.service, worker.process.Name})
	}
	if f.scheduler != nil {
		services = append(services, namedService{f.scheduler.service, f.scheduler.task.props.name})
	}
	return services
}

// secretARNs are the secrets of the environment, each once: several variables may come from one.
func (e Environment) secretARNs() *[]*string {
	unique := map[string]bool{}
	for _, secret := range e.Secrets {
		unique[secret.ARN] = true
	}
	return jsii.Strings(slices.Sorted(maps.Keys(unique))...)
}
