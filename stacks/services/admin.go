package services

import (
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newAdminDefinition makes web's task definition again with another command, for one-off commands. It shares web's roles, logs
// and everything else, so that a one-off command never sees less than web does.
func newAdminDefinition(
	scope constructs.Construct, id string, p *platform, web *processTask, command []string,
) awsecs.FargateTaskDefinition {
	props := web.props
	props.process.Command = command
	definition := awsecs.NewFargateTaskDefinition(scope, jsii.String(id),
		p.definitionProps(props, "admin", web.definition.TaskRole(), web.definition.ObtainExecutionRole()))
	p.addContainer(definition, props, web.logs)
	nag.Acknowledge(definition, nag.SettingsAreVariables)
	return definition
}
