package stacks

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// allow adds one statement to a role: these actions, on these resources, under these conditions if any.
func allow(role awsiam.IRole, conditions *map[string]any, resources []*string, actions ...string) {
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings(actions...), Resources: &resources, Conditions: conditions,
	}))
}

// grant gives a process's role what docs/contract.md promises the process, on this environment's resources only.
func (p *platform) grant(role awsiam.IRole) {
	files := p.data.buckets.files
	allow(role, nil, []*string{p.data.postgres.secret.SecretArn(), p.data.valkey.secret.SecretArn()}, "secretsmanager:GetSecretValue")
	allow(role, nil, []*string{files.BucketArn()}, "s3:ListBucket")
	allow(role, nil, []*string{files.ArnForObjects(jsii.String("*"))}, "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
	allow(role, nil, p.parameterARNs(), "ssm:GetParametersByPath", "ssm:GetParameter", "ssm:GetParameters")
	for _, service := range p.data.attached {
		resource, actions := service.permissions()
		allow(role, nil, []*string{resource}, actions...)
	}
}

// parameterARNs are the path itself, which GetParametersByPath asks for, and what lies below it.
func (p *platform) parameterARNs() []*string {
	path := strings.Trim(p.env.Parameters(), "/")
	format := func(name string) *string {
		return awscdk.Stack_Of(p.cluster).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ssm"), Resource: jsii.String("parameter"), ResourceName: jsii.String(name),
		})
	}
	return []*string{format(path), format(path + "/*")}
}
