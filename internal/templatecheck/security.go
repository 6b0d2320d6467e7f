package templatecheck

import (
	"fmt"
	"slices"
	"strings"

	"dozen/internal/assembly"
)

// groupsStayClosed: rules inside a security group.
func groupsStayClosed(group *assembly.Resource, found report) {
	for i, ingress := range list(group.Properties["SecurityGroupIngress"]) {
		openRule(ingress, fmt.Sprintf("SecurityGroupIngress[%d]", i), found)
	}
}

// ingressStaysClosed: rules that are resources of their own.
func ingressStaysClosed(ingress *assembly.Resource, found report) {
	openRule(ingress.Properties, "CidrIp", found)
}

// openRule refuses what opens anything but a load balancer's ports to the whole internet.
func openRule(ingress any, property string, found report) {
	if at(ingress, "CidrIp") != "0.0.0.0/0" && at(ingress, "CidrIpv6") != "::/0" {
		return
	}
	from, _ := number(at(ingress, "FromPort"))
	to, _ := number(at(ingress, "ToPort"))
	if from != to || from != 80 && from != 443 {
		found(property, fmt.Sprintf("opens %v to %v to the internet", at(ingress, "FromPort"), at(ingress, "ToPort")), "allow a security group instead; only the load balancer's 80 and 443 are open")
	}
}

// takesNoResource are the actions that IAM knows no resource for.
var takesNoResource = []string{
	"ecr:GetAuthorizationToken",
	"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
	"ecs:ListTasks", // the tasks of a cluster; the cluster is a condition
	"logs:DescribeLogGroups",
}

// knownActions are the actions that Dozen's templates may allow. A misspelt action is valid to every validator and denies
// silently; a new one is added here by someone who has looked it up.
var knownActions = append([]string{
	"appconfig:GetLatestConfiguration", "appconfig:StartConfigurationSession",
	"cloudformation:DescribeStacks",
	"cloudwatch:PutMetricData",
	"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem",
	"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
	"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
	"ecs:DescribeTasks", "ecs:RunTask", "ecs:StopTask", "ecs:UpdateService",
	"iam:PassRole",
	"lambda:InvokeFunction",
	"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents",
	"rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:CreateDBSnapshot", "rds:DescribeDBClusterSnapshots", "rds:DescribeDBSnapshots",
	"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
	"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
	"sns:Publish",
	"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage",
	"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
	"states:StartExecution",
	"sts:AssumeRole",
}, takesNoResource...)

func policies(policy *assembly.Resource, found report) {
	statements(policy.Properties["PolicyDocument"], "PolicyDocument", found)
}

func rolePolicies(role *assembly.Resource, found report) {
	for i, policy := range list(role.Properties["Policies"]) {
		statements(at(policy, "PolicyDocument"), fmt.Sprintf("Policies[%d].PolicyDocument", i), found)
	}
}

func statements(document any, property string, found report) {
	for i, statement := range list(at(document, "Statement")) {
		if at(statement, "Effect") != "Allow" {
			continue
		}
		where := fmt.Sprintf("%s.Statement[%d]", property, i)
		everything := slices.Contains(list(at(statement, "Resource")), any("*"))
		for _, action := range list(at(statement, "Action")) {
			name, _ := action.(string)
			switch {
			case strings.Contains(name, "*"):
				found(where+".Action", fmt.Sprintf("allows %q", name), "name each action")
			case !slices.Contains(knownActions, name):
				found(where+".Action", fmt.Sprintf("%q is not known here: misspelt, or new", name), "correct it, or add it to knownActions after looking it up")
			case everything && !slices.Contains(takesNoResource, name):
				found(where+".Resource", fmt.Sprintf("allows %s on everything", name), "name the resource")
			}
		}
		if at(statement, "NotAction") != nil || at(statement, "NotResource") != nil {
			found(where, "allows everything but what it names", "name what is allowed")
		}
	}
}
