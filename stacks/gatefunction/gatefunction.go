// Package gatefunction makes the Lambda function of package internal/gate, which a stack runs behind a custom resource of its
// own: the migration in one, the lasting settings in the other.
package gatefunction

import (
	"dozen/config"
	"dozen/stacks/retention"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// New makes the function as the construct Gate, with a role and a log group, from the directory of its compiled handler. It may
// write its log and ask for the state of its stack, and nothing else. Its timeout is Lambda's longest: the next invocation
// watches a migration that takes longer, see internal/gate.
func New(scope constructs.Construct, e config.Environment, handler, description string) awslambda.Function {
	logs := retention.NewLogGroup(scope, "GateLogs", e)
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
	})
	logs.GrantWrite(role) // AWS's managed policy would let it write every log
	function := awslambda.NewFunction(scope, jsii.String("Gate"), &awslambda.FunctionProps{
		Description:   jsii.String(description),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(jsii.String(handler), nil),
		MemorySize:    jsii.Number(128),
		Timeout:       awscdk.Duration_Minutes(jsii.Number(15)),
		RetryAttempts: jsii.Number(2),
		MaxEventAge:   awscdk.Duration_Hours(jsii.Number(1)),
		LogGroup:      logs,
		Role:          role,
	})
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("cloudformation:DescribeStacks"),
		Resources: &[]*string{awscdk.Stack_Of(scope).StackId()},
	}))
	return function
}
