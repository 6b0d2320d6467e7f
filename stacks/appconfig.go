package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsappconfig"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// AppConfig holds settings that change while tasks run: each of them polls, and a change reaches them step by step.
type AppConfig struct {
	constructs.Construct
	application awsappconfig.Application
	environment awsappconfig.Environment
	profile     awsappconfig.HostedConfiguration
}

// NewAppConfig makes the application, its environment and a freeform profile that begins as an empty JSON object, already
// deployed: without a deployment every poll would be an error. Later versions are the operators'; no release touches them,
// because they lie in the stack of what is kept.
func NewAppConfig(scope constructs.Construct, id string, e Environment) *AppConfig {
	this := constructs.NewConstruct(scope, jsii.String(id))
	a := &AppConfig{Construct: this}
	a.application = awsappconfig.NewApplication(this, jsii.String("Application"), &awsappconfig.ApplicationProps{
		Description: jsii.Sprintf("%s, %s", e.Application, e.Name),
	})
	a.environment = awsappconfig.NewEnvironment(this, jsii.String("Environment"), &awsappconfig.EnvironmentProps{
		Application: a.application,
	})
	gradual := awsappconfig.NewDeploymentStrategy(this, jsii.String("Gradual"), &awsappconfig.DeploymentStrategyProps{
		Description: jsii.String("A fifth of the tasks each minute, then five minutes of watching"),
		RolloutStrategy: awsappconfig.RolloutStrategy_Linear(&awsappconfig.RolloutStrategyProps{
			GrowthFactor:       jsii.Number(20),
			DeploymentDuration: awscdk.Duration_Minutes(jsii.Number(5)),
			FinalBakeTime:      awscdk.Duration_Minutes(jsii.Number(5)),
		}),
	})
	a.profile = awsappconfig.NewHostedConfiguration(this, jsii.String("Profile"), &awsappconfig.HostedConfigurationProps{
		Application:        a.application,
		Type:               awsappconfig.ConfigurationType_FREEFORM,
		Content:            awsappconfig.ConfigurationContent_FromInlineJson(jsii.String("{}"), nil),
		DeployTo:           &[]awsappconfig.IEnvironment{a.environment},
		DeploymentStrategy: gradual,
	})
	awscdk.RemovalPolicies_Of(this).Apply(e.removal(awscdk.RemovalPolicy_RETAIN), nil)
	output(this, "AppConfigCommand", jsii.Sprintf("aws appconfig start-deployment --application-id %s --environment-id %s --configuration-profile-id %s --deployment-strategy-id %s --configuration-version VERSION",
		*a.application.ApplicationId(), *a.environment.EnvironmentId(), *a.profile.ConfigurationProfileId(), *gradual.DeploymentStrategyId()),
		"Deploys a version of the settings to the running tasks: put its number for VERSION")
	return a
}

func (a *AppConfig) variables() map[string]*string {
	return map[string]*string{
		"APPCONFIG_APPLICATION": a.application.ApplicationId(),
		"APPCONFIG_ENVIRONMENT": a.environment.EnvironmentId(),
		"APPCONFIG_PROFILE":     a.profile.ConfigurationProfileId(),
	}
}

func (a *AppConfig) permissions() (*string, []string) {
	configuration := awscdk.Stack_Of(a.Construct).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("appconfig"), Resource: jsii.String("application"),
		ResourceName: jsii.Sprintf("%s/environment/%s/configuration/%s", *a.application.ApplicationId(), *a.environment.EnvironmentId(), *a.profile.ConfigurationProfileId()),
	})
	return configuration, []string{"appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"}
}
