package nag

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// Acknowledgement is a finding of cdk-nag that we have read and accept, and why. It is given to the one construct that it is
// about, so that the same finding elsewhere is still an error. There are at most twelve; a test counts them.
type Acknowledgement struct {
	rules   []string
	applies string // regular expression on the finding's subject; only for rules that name one
	reason  string
}

// The findings that Dozen accepts.
var (
	OpenToUsers = Acknowledgement{
		rules: []string{"AwsSolutions-EC23"},
		reason: "The load balancer serves the public on ports 80 and 443; " +
			"nothing else in the environment accepts connections from outside.",
	}
	SettingsAreVariables = Acknowledgement{
		rules: []string{"AwsSolutions-ECS2"},
		reason: "Twelve-factor configuration is environment variables. " +
			"None holds a secret: those are fetched at run time or injected by reference.",
	}
	CountedBySamples = Acknowledgement{
		rules: []string{"AwsSolutions-ECS4"},
		reason: "Container Insights costs more than a small environment. Running tasks are counted by the samples of the " +
			"free CPU metric; Options.ContainerInsights switches it on.",
	}
	StandardPorts = Acknowledgement{
		rules: []string{"AwsSolutions-RDS11", "AwsSolutions-AEC5"},
		reason: "The ports are closed to all but the processes' security groups; " +
			"an unusual number adds no protection and breaks tools.",
	}
	CacheUserGroup = Acknowledgement{
		rules: []string{"AwsSolutions-AEC6"},
		reason: "The cache requires a user and a password through a user group, which the rule does not know; " +
			"AUTH tokens are its older form.",
	}
	CacheLoginStays = Acknowledgement{
		rules: []string{"AwsSolutions-SMG4"},
		reason: "AWS has no hosted rotation for cache users. " +
			"The login opens only sessions, limits and caches, and only from inside the network.",
	}
	SmallEnvironment = Acknowledgement{
		rules:  []string{"AwsSolutions-RDS3", "AwsSolutions-RDS10", "AwsSolutions-AEC4", "AwsSolutions-SMG4", "AwsSolutions-VPC7"},
		reason: "This environment is configured for low cost and easy removal; the same fields are on in Production().",
	}
	NATInstance = Acknowledgement{
		rules: []string{"AwsSolutions-AS3"},
		reason: "The group keeps one NAT instance, which holds no state. " +
			"When the group replaces it, there is nothing that a person could add.",
	}
	BelowOwnPath = Acknowledgement{
		rules:   []string{"AwsSolutions-IAM5"},
		applies: `/^Resource::(<.*Files.*\.Arn>|arn:.*:parameter\/.*)\/\*$/`,
		reason: "A process may use every object of its own environment's bucket and every parameter below its own path; " +
			"names are chosen at run time.",
	}
	TakesNoResource = Acknowledgement{
		rules:   []string{"AwsSolutions-IAM5"},
		applies: `/^Resource::\*$/`,
		reason: "ecr:GetAuthorizationToken, ecs:ListTasks and the ssmmessages calls of ECS Exec take no resource; " +
			"internal/templatecheck allows no other action here.",
	}
	NamedWhenMade = Acknowledgement{
		rules:   []string{"AwsSolutions-IAM5"},
		applies: `/^Resource::.*(task-definition|:task\/|log-stream|rds:).*\*$/`,
		reason: "Revisions, tasks and log streams get their names when they are made. " +
			"Each is limited to this family, this cluster and this log group. Of snapshots, only the list is not limited.",
	}
	KeepsOwnHistory = Acknowledgement{
		rules: []string{"AwsSolutions-SF1", "AwsSolutions-SF2"},
		reason: "Step Functions itself keeps each step of a standard workflow for 90 days; " +
			"logging or tracing one call per service would need permissions on everything.",
	}
)

// acknowledgements are all of them, for the test that counts them.
var acknowledgements = []Acknowledgement{
	OpenToUsers, SettingsAreVariables, CountedBySamples, StandardPorts, CacheUserGroup, CacheLoginStays,
	SmallEnvironment, NATInstance, BelowOwnPath, TakesNoResource, NamedWhenMade, KeepsOwnHistory,
}

// Acknowledge accepts the given findings on a construct and on everything inside it.
func Acknowledge(construct constructs.IConstruct, accepted ...Acknowledgement) {
	var suppressions []*cdknag.NagPackSuppression
	for _, a := range accepted {
		for _, rule := range a.rules {
			suppression := &cdknag.NagPackSuppression{Id: jsii.String(rule), Reason: jsii.String(a.reason)}
			if a.applies != "" {
				suppression.AppliesTo = &[]any{&cdknag.RegexAppliesTo{Regex: jsii.String(a.applies)}}
			}
			suppressions = append(suppressions, suppression)
		}
	}
	cdknag.NagSuppressions_AddResourceSuppressions(construct, &suppressions, jsii.Bool(true))
}
