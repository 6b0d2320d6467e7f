package templatecheck

import (
	"fmt"
	"slices"
	"strings"

	"dozen/internal/assembly"
)

// takesNoResource are the actions for which IAM has no resource.
var takesNoResource = []string{
	"ecr:GetAuthorizationToken",
	"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
	"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
	"ecs:ListTasks", // the tasks of a cluster; the cluster is a condition
	"logs:DescribeLogGroups",
}

// knownActions are the actions that Dozen's templates may allow. Every validator accepts a misspelt action, which then
// allows nothing, silently. A new action is added here by someone who has looked it up.
var knownActions = append([]string{
	"appconfig:GetLatestConfiguration", "appconfig:StartConfigurationSession",
	"cloudformation:DescribeStacks",
	"cloudwatch:PutMetricData",
	"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
	"dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
	"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
	"ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
	"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
	"ecs:DescribeTasks", "ecs:RunTask", "ecs:StopTask", "ecs:UpdateService",
	"iam:PassRole",
	"kms:Decrypt",
	"lambda:InvokeFunction",
	"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents",
	"rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:CreateDBSnapshot",
	"rds:DeleteDBClusterSnapshot", "rds:DeleteDBSnapshot",
	"rds:DescribeDBClusterSnapshots", "rds:DescribeDBSnapshots",
	"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
	"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
	"sns:Publish",
	"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
	"sqs:ReceiveMessage", "sqs:SendMessage",
	"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
	"states:StartExecution",
	"sts:AssumeRole",
}, takesNoResource...)

func policies(policy *assembly.Resource, require requirer) {
	statements(policy.Properties["PolicyDocument"], "PolicyDocument", require)
}

func rolePolicies(role *assembly.Resource, require requirer) {
	for i, policy := range list(role.Properties["Policies"]) {
		statements(at(policy, "PolicyDocument"), fmt.Sprintf("Policies[%d].PolicyDocument", i), require)
	}
}

func statements(document any, property string, require requirer) {
	for i, statement := range list(at(document, "Statement")) {
		if at(statement, "Effect") != "Allow" {
			continue
		}
		where := fmt.Sprintf("%s.Statement[%d]", property, i)
		onEverything := slices.Contains(list(at(statement, "Resource")), any("*"))
		for _, action := range list(at(statement, "Action")) {
			name, _ := action.(string)
			allowed(name, onEverything, where, require)
		}
		require(at(statement, "NotAction") == nil && at(statement, "NotResource") == nil, where,
			"allows everything except what it names",
			"name what is allowed")
	}
}

// allowed checks one action of a statement that allows it.
func allowed(action string, onEverything bool, where string, require requirer) {
	switch {
	case strings.Contains(action, "*"):
		require(false, where+".Action", fmt.Sprintf("allows %q", action), "name each action")
	case !slices.Contains(knownActions, action):
		require(false, where+".Action",
			fmt.Sprintf("%q is not a known action: it is misspelt, or new", action),
			"correct it, or look it up and add it to knownActions in internal/templatecheck/permissions.go")
	default:
		require(!onEverything || slices.Contains(takesNoResource, action), where+".Resource",
			fmt.Sprintf("allows %s on every resource", action),
			"name the resource")
	}
}
