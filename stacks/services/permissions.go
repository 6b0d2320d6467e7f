package services

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// allow adds one statement to a role: these actions on these resources, under these conditions if there are any.
func allow(role awsiam.IRole, conditions *map[string]any, resources []*string, actions ...string) {
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings(actions...), Resources: &resources, Conditions: conditions,
	}))
}

// grant gives a process's role what docs/variables.md promises the process, on this environment's resources only.
func (p *platform) grant(role awsiam.IRole) {
	var logins []*string
	for _, server := range p.data.Servers() {
		logins = append(logins, server.Login.SecretArn())
		if server.LoginKey != "" {
			allow(role, nil, []*string{jsii.String(server.LoginKey)}, "kms:Decrypt")
		}
	}
	allow(role, nil, logins, "secretsmanager:GetSecretValue")
	if files := p.data.Storage.Files; files != nil {
		allow(role, nil, []*string{files.BucketArn()}, "s3:ListBucket")
		allow(role, nil, []*string{files.ArnForObjects(jsii.String("*"))},
			"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
	}
	allow(role, nil, p.parameterARNs(), "ssm:GetParametersByPath", "ssm:GetParameter", "ssm:GetParameters")
	for _, option := range p.data.Options {
		allow(role, nil, []*string{option.Resource}, option.Actions...)
	}
}

// parameterARNs are the path itself, which GetParametersByPath names, and what is below it.
func (p *platform) parameterARNs() []*string {
	path := p.arn("ssm", "parameter/"+strings.Trim(p.env.Parameters(), "/"))
	return []*string{path, jsii.String(*path + "/*")}
}
