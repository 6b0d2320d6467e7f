package nag

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// Acknowledgement is a finding of cdk-nag that we have read and accept, and why. It is given to the one resource that has the
// finding, so that the same finding elsewhere is still an error. The reason is true in every environment that carries it. There
// are at most thirteen reasons; a test counts them.
type Acknowledgement struct {
	rules   []string // of one resource
	applies string   // regular expression on the finding's subject; only for rules that name one
	reason  string
}

// The findings that Dozen accepts.
var (
	OpenToUsers = Acknowledgement{
		rules: []string{"AwsSolutions-EC23"},
		reason: "The load balancer serves the public, on port 80 and with a domain on 443; " +
			"nothing else in the environment accepts connections from outside.",
	}
	SettingsAreVariables = Acknowledgement{
		rules: []string{"AwsSolutions-ECS2"},
		reason: "Twelve-factor configuration is environment variables. Secrets are fetched at run time or injected by reference; " +
			"validation refuses a setting whose name or value looks like one.",
	}
	CountedBySamples = Acknowledgement{
		rules: []string{"AwsSolutions-ECS4"},
		reason: "Container Insights costs more than a small environment. Running tasks are counted by the samples of the " +
			"free CPU metric; Options.ContainerInsights switches it on.",
	}
	DatabasePort   = Acknowledgement{rules: []string{"AwsSolutions-RDS11"}, reason: standardPort}
	CachePort      = Acknowledgement{rules: []string{"AwsSolutions-AEC5"}, reason: standardPort}
	CacheUserGroup = Acknowledgement{
		rules: []string{"AwsSolutions-AEC6"},
		reason: "The cache requires a user and a password through a user group, which the rule does not know; " +
			"AUTH tokens are its older form.",
	}
	ChangedByHand = Acknowledgement{
		rules: []string{"AwsSolutions-SMG4"},
		reason: "AWS has hosted rotation for databases only, not for cache users and signing keys. " +
			"docs/runbooks/RotateSecrets.md changes this one by hand, and says what users notice of it.",
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
		reason: "These actions take no resource, such as ecr:GetAuthorizationToken, ecs:ListTasks and the ssmmessages calls of ECS " +
			"Exec; takesNoResource in internal/templatecheck lists all that may stand here.",
	}
	NamedWhenMade = Acknowledgement{
		rules: []string{"AwsSolutions-IAM5"},
		applies: `/^Resource::arn:.*(:task-definition\/[a-z0-9-]+:|:task\/<Cluster[0-9A-F]{8}>\/|` +
			`:log-group:<\w+>:log-stream:app\/app\/|:rds:.*:(cluster-)?snapshot:)\*$/`,
		reason: "Revisions, tasks and log streams get their names when they are made. Each is limited to one family, one cluster, " +
			"one log group. Of snapshots, only the list is not limited.",
	}
	ReceivesLogs = Acknowledgement{
		rules: []string{"AwsSolutions-S1"},
		reason: "The bucket receives the load balancer's access logs. Logs of its own access, in itself, would each be an access " +
			"and never end; the rule sees that only where another bucket sends its logs, too.",
	}
	KeepsOwnHistory = Acknowledgement{
		rules: []string{"AwsSolutions-SF1", "AwsSolutions-SF2"},
		reason: "Step Functions itself keeps each step of a standard workflow for 90 days; " +
			"logging or tracing one call per service would need permissions on everything.",
	}
	NoStandby     = switchedOff("AwsSolutions-RDS3", "Database.MultiAZ")
	NotProtected  = switchedOff("AwsSolutions-RDS10", "DeletionProtection")
	NoReplica     = switchedOff("AwsSolutions-AEC4", "Cache.Replicas")
	NoRotation    = switchedOff("AwsSolutions-SMG4", "Database.RotationDays")
	NotFlowLogged = switchedOff("AwsSolutions-VPC7", "Network.FlowLogs")
)

const (
	standardPort = "The port is closed to all but the security groups of what connects to it: the processes, and for the database " +
		"the rotation of its password. An unusual number adds no protection and breaks tools."
	offReason = " is switched off in config/environments.go. Every synthesis warns of it and says what it means, unless the " +
		"environment is Removable or Small."
)

// switchedOff accepts what a rule finds because a field switches a protection off: one reason, with the field's name in it. Who
// is warned of it decides config.Environment.Unprotected.
func switchedOff(rule, field string) Acknowledgement {
	return Acknowledgement{rules: []string{rule}, reason: field + offReason}
}

// acknowledgements are all of them, for the test that counts them.
var acknowledgements = []Acknowledgement{
	OpenToUsers, SettingsAreVariables, CountedBySamples, DatabasePort, CachePort, CacheUserGroup, ChangedByHand,
	NATInstance, BelowOwnPath, TakesNoResource, NamedWhenMade, ReceivesLogs, KeepsOwnHistory,
	NoStandby, NotProtected, NoReplica, NoRotation, NotFlowLogged,
}

// Acknowledge accepts the given findings on one resource: the construct itself, or the one that it stands for, its default child.
// What is inside it or next to it is not meant.
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
	cdknag.NagSuppressions_AddResourceSuppressions(construct, &suppressions, jsii.Bool(false))
}

// AcknowledgePolicy accepts the given findings on what a role may do: on the policy that collects its grants, which exists once
// something was granted.
func AcknowledgePolicy(role awsiam.IRole, accepted ...Acknowledgement) {
	Acknowledge(role.Node().FindChild(jsii.String("DefaultPolicy")), accepted...)
}
