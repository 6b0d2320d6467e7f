package data

import (
	"dozen/config"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsappconfig"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newAppConfig makes configuration that changes while tasks run: each task polls, and a change reaches them gradually. There is an
// application, its environment, and a freeform profile that begins as an empty JSON object, already deployed: without a
// deployment every poll would be an error. Later versions are the operators'. No release touches them, because they are in the
// stack of what keeps data.
func newAppConfig(scope constructs.Construct, id string, e config.Environment) Option {
	this := constructs.NewConstruct(scope, jsii.String(id))
	application := awsappconfig.NewApplication(this, jsii.String("Application"), &awsappconfig.ApplicationProps{
		Description: jsii.Sprintf("%s, %s", e.Application, e.Name),
	})
	environment := awsappconfig.NewEnvironment(this, jsii.String("Environment"), &awsappconfig.EnvironmentProps{
		Application: application,
	})
	gradual := newGradualRollout(this)
	profile := awsappconfig.NewHostedConfiguration(this, jsii.String("Profile"), &awsappconfig.HostedConfigurationProps{
		Application:        application,
		Type:               awsappconfig.ConfigurationType_FREEFORM,
		Content:            awsappconfig.ConfigurationContent_FromInlineJson(jsii.String("{}"), nil),
		DeployTo:           &[]awsappconfig.IEnvironment{environment},
		DeploymentStrategy: gradual,
	})
	awscdk.RemovalPolicies_Of(this).Apply(retention.Policy(e, awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE), nil)
	applicationID, environmentID, profileID := application.ApplicationId(), environment.EnvironmentId(), profile.ConfigurationProfileId()
	addOutput(this, "AppConfigCommand", jsii.Sprintf("aws appconfig start-deployment --application-id %s --environment-id %s "+
		"--configuration-profile-id %s --deployment-strategy-id %s --configuration-version VERSION",
		*applicationID, *environmentID, *profileID, *gradual.DeploymentStrategyId()),
		"Deploys a version of the settings to the running tasks: put its number for VERSION")
	return Option{
		Variables: map[string]*string{
			"APPCONFIG_APPLICATION": applicationID,
			"APPCONFIG_ENVIRONMENT": environmentID,
			"APPCONFIG_PROFILE":     profileID,
		},
		Resource: awscdk.Stack_Of(this).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("appconfig"), Resource: jsii.String("application"),
			ResourceName: jsii.Sprintf("%s/environment/%s/configuration/%s", *applicationID, *environmentID, *profileID),
		}),
		Actions: []string{"appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"},
	}
}

// newGradualRollout is how a change of the settings reaches the tasks.
func newGradualRollout(scope constructs.Construct) awsappconfig.DeploymentStrategy {
	return awsappconfig.NewDeploymentStrategy(scope, jsii.String("Gradual"), &awsappconfig.DeploymentStrategyProps{
		Description: jsii.String("A fifth of the tasks each minute, then five minutes of watching"),
		RolloutStrategy: awsappconfig.RolloutStrategy_Linear(&awsappconfig.RolloutStrategyProps{
			GrowthFactor:       jsii.Number(20),
			DeploymentDuration: awscdk.Duration_Minutes(jsii.Number(5)),
			FinalBakeTime:      awscdk.Duration_Minutes(jsii.Number(5)),
		}),
	})
}
