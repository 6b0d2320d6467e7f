package stacks

import (
	"dozen/config"
	"dozen/stacks/data"
	"dozen/stacks/services"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Stage is one environment: the only place where its stacks meet.
type Stage struct {
	awscdk.Stage
	Data     *data.Stack
	Services *services.Stack
}

// NewStage makes the stacks of one environment under its name, so that `cdk deploy 'NAME/*'` deploys all of it.
func NewStage(scope constructs.Construct, e config.Environment, app config.App) *Stage {
	s := &Stage{Stage: awscdk.NewStage(scope, jsii.String(e.Name), &awscdk.StageProps{Env: target(e)})}
	nameZones(s.Stage, e)
	dataStack := newStack(s.Stage, "Data", e, "Network, database, cache and storage", e.DeletionProtection)
	// The services' stack is not protected: it keeps nothing, and a first deployment that fails must be able to delete it.
	servicesStack := newStack(s.Stage, "Services", e, "Load balancer, processes and alarms", false)
	// A strong reference is an export that nobody can change while it is in use: a database restored from a snapshot has a new
	// address, and the data stack's update would wait until the services' stack is deleted.
	awscdk.CrossStackReferences_Of(servicesStack).Consume(awscdk.ReferenceStrength_WEAK)
	servicesStack.AddStackDependency(dataStack, nil)
	s.Data = data.New(dataStack, e, app.Gate)
	s.Services = services.New(servicesStack, e, app, s.Data)
	tags := awscdk.Tags_Of(s.Stage)
	tags.Add(jsii.String("Application"), jsii.String(e.Application), nil)
	tags.Add(jsii.String("Environment"), jsii.String(e.Name), nil)
	if e.Options.MonthlyBudgetUSD > 0 {
		tags.Add(jsii.String(data.BudgetTag), jsii.String(data.BudgetTagValue(e)), nil)
	}
	return s
}

// newStack names a stack after the application, the environment and its part.
func newStack(stage awscdk.Stage, part string, e config.Environment, description string, protected bool) awscdk.Stack {
	return awscdk.NewStack(stage, jsii.String(part), &awscdk.StackProps{
		StackName:             jsii.Sprintf("%s-%s-%s", e.Application, e.Name, part),
		Description:           jsii.Sprintf("%s, %s: %s", e.Application, e.Name, description),
		TerminationProtection: jsii.Bool(protected),
	})
}

// nameZones answers what the construct library would look up as soon as account and region are both known: a lookup needs
// credentials, and a synthesis must not.
func nameZones(stage awscdk.Stage, e config.Environment) {
	if e.Account == "" || e.Region == "" {
		return
	}
	zones := e.Network.ZoneNames
	if len(zones) == 0 {
		zones = []string{e.Region + "a", e.Region + "b", e.Region + "c"}
	}
	stage.Node().SetContext(jsii.String("availability-zones:account="+e.Account+":region="+e.Region), zones)
}

// target is the account and region, each left to the deploying credentials when it is empty.
func target(e config.Environment) *awscdk.Environment {
	target := &awscdk.Environment{}
	if e.Account != "" {
		target.Account = jsii.String(e.Account)
	}
	if e.Region != "" {
		target.Region = jsii.String(e.Region)
	}
	return target
}

// AppProps make the whole assembly the same on every machine: no stack traces and no creation traces, which contain paths.
func AppProps() *awscdk.AppProps {
	return &awscdk.AppProps{
		StackTraces:        jsii.Bool(false),
		AnalyticsReporting: jsii.Bool(false),
		PostCliContext:     &map[string]any{"aws:cdk:disable-creation-stack-traces": true},
	}
}
