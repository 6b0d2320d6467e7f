package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Stage is one environment: the only place where its stacks meet.
type Stage struct {
	awscdk.Stage
	Data     *DataStack
	Services *ServicesStack
}

// NewStage makes the stacks of one environment under its name, so that `cdk deploy 'NAME/*'` deploys all of it.
func NewStage(scope constructs.Construct, e Environment, app App) *Stage {
	s := &Stage{Stage: awscdk.NewStage(scope, jsii.String(e.Name), &awscdk.StageProps{Env: e.target()})}
	s.Data = NewDataStack(s.Stage, e)
	s.Services = NewServicesStack(s.Stage, e, app, s.Data)
	tags := awscdk.Tags_Of(s.Stage)
	tags.Add(jsii.String("Application"), jsii.String(e.Application), nil)
	tags.Add(jsii.String("Environment"), jsii.String(e.Name), nil)
	return s
}

// target is the account and region, each left to the deploying credentials when it is empty.
func (e Environment) target() *awscdk.Environment {
	target := &awscdk.Environment{}
	if e.Account != "" {
		target.Account = jsii.String(e.Account)
	}
	if e.Region != "" {
		target.Region = jsii.String(e.Region)
	}
	return target
}

// AppProps make the whole assembly the same on every machine: neither stack traces nor creation traces, which hold paths.
func AppProps() *awscdk.AppProps {
	return &awscdk.AppProps{
		StackTraces:        jsii.Bool(false),
		AnalyticsReporting: jsii.Bool(false),
		PostCliContext:     &map[string]any{"aws:cdk:disable-creation-stack-traces": true},
	}
}
