package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// attached is an optional backing service: every process learns of it by variables of the task and may do to it what its
// permissions say, and nothing else.
type attached interface {
	variables() map[string]*string
	permissions() (resource *string, actions []string)
}

// optionVariables are the variables of all attached services. They are reserved also while their option is off, so that
// switching it on never collides with a setting of the team. A test compares them with a template that has everything on.
var optionVariables = []string{
	"QUEUE_URL", "TOPIC_ARN", "TABLE_NAME",
	"APPCONFIG_APPLICATION", "APPCONFIG_ENVIRONMENT", "APPCONFIG_PROFILE",
}

// output prints a value of a construct under an id of the stack's own.
func output(scope constructs.Construct, id string, value *string, description string) {
	awscdk.NewCfnOutput(awscdk.Stack_Of(scope), jsii.String(id), &awscdk.CfnOutputProps{Value: value, Description: jsii.String(description)})
}
