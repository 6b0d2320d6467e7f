package test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
)

// optional are the optional backing services: the resource of each, the variables that tell processes of it, and all that
// processes may do with it.
var optional = []struct {
	name      string
	on        func(*config.Options)
	id, kind  string // pinned: under a new id CloudFormation creates an empty queue, topic or table next to the old one
	variables map[string]any
	actions   []string
	outputs   []string
}{
	{
		"queue", func(o *config.Options) { o.Queue = true }, "Queue381943A6", "AWS::SQS::Queue",
		map[string]any{"QUEUE_URL": map[string]string{"Ref": "Queue381943A6"}},
		[]string{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
		[]string{"QueueArn", "DeadLetterQueueArn"},
	},
	{
		"topic", func(o *config.Options) { o.Topic = true }, "Topic85E630E2", "AWS::SNS::Topic",
		map[string]any{"TOPIC_ARN": map[string]string{"Ref": "Topic85E630E2"}},
		[]string{"sns:Publish"},
		[]string{"TopicArn"},
	},
	{
		"table", func(o *config.Options) { o.Table = true }, "Table710B521B", "AWS::DynamoDB::Table",
		map[string]any{"TABLE_NAME": map[string]string{"Ref": "Table710B521B"}},
		[]string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
		[]string{"TableArn"},
	},
	{
		"appconfig", func(o *config.Options) { o.AppConfig = true }, "AppConfigApplicationF162A144", "AWS::AppConfig::Application",
		map[string]any{
			"APPCONFIG_APPLICATION": map[string]string{"Ref": "AppConfigApplicationF162A144"},
			"APPCONFIG_ENVIRONMENT": map[string]string{"Ref": "AppConfigEnvironmentD9747278"},
			"APPCONFIG_PROFILE":     map[string]string{"Ref": "AppConfigProfileConfigurationProfile534D32DA"},
		},
		[]string{"appconfig:GetLatestConfiguration", "appconfig:StartConfigurationSession"},
		[]string{"AppConfigCommand"},
	},
}

// A variable or a permission that is missing shows at run time, a permission too many after an attack. Each option is tried
// alone, in every process.
func TestOptionalBackingServices(t *testing.T) {
	for _, c := range optional {
		t.Run(c.name, func(t *testing.T) {
			e := with(t, config.Production(), func(e *config.Environment) { c.on(&e.Options) })
			want(t, c.id, e.data.resource(c.id).Type, c.kind)
			for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
				for name, value := range c.variables {
					want(t, definition.ID+"'s "+name, e.variable(definition, name), value)
					want(t, name+" by default", prod().variable(definition, name), nil)
				}
				service, _, _ := strings.Cut(c.actions[0], ":")
				want(t, definition.ID+" may", allowedBy(e, ref(definition.get("TaskRoleArn")), service),
					map[string][]string{c.id: c.actions})
				want(t, definition.ID+"'s other rights", withoutService(e, definition, service),
					withoutService(prod(), definition, service))
			}
			for _, output := range c.outputs {
				if e.data.output(output) == nil {
					t.Errorf("no output %s", output)
				}
			}
		})
	}
}

var namesResource = regexp.MustCompile(`(?:Ref|FnGetAtt)(\w+?[0-9A-F]{8})`)

// allowedBy returns the actions of one AWS service that a role may call, by the first resource that each statement names.
func allowedBy(e environment, role, service string) map[string][]string {
	found := map[string][]string{}
	for _, statement := range statements(e.services, role) {
		for _, action := range list(dig(statement, "Action")) {
			if strings.HasPrefix(action.(string), service+":") {
				id := plain(dig(statement, "Resource"))
				if match := namesResource.FindStringSubmatch(id); match != nil {
					id = match[1]
				}
				found[id] = append(found[id], action.(string))
			}
		}
	}
	return found
}

// withoutService returns the statements of a process's role, except for those on one AWS service.
func withoutService(e environment, definition resource, service string) []any {
	return slices.DeleteFunc(statements(e.services, ref(definition.get("TaskRoleArn"))), func(statement any) bool {
		return strings.Contains(plain(dig(statement, "Action")), `"`+service+":")
	})
}

// onlyRefusesPlainHTTP reports whether a resource policy denies access without TLS and allows nothing.
func onlyRefusesPlainHTTP(policy resource) bool {
	text := plain(policy.get("PolicyDocument"))
	denies := strings.Contains(text, `"aws:SecureTransport":"false"`) && strings.Contains(text, `"Deny"`)
	return denies && !strings.Contains(text, `"Allow"`)
}

func TestQueueIsClosedAndLosesNothing(t *testing.T) {
	dead := full().data.one(t, "AWS::SQS::Queue", "/Queue/Dead/")
	queue := full().data.one(t, "AWS::SQS::Queue", "/Queue/Queue/")
	want(t, "dead letters go to", ref(queue.get("RedrivePolicy", "deadLetterTargetArn")), dead.ID)
	want(t, "tries", queue.get("RedrivePolicy", "maxReceiveCount"), 5)
	want(t, "dead letters are kept", dead.get("MessageRetentionPeriod"), 14*24*3600)
	closed := map[string]bool{}
	for _, policy := range full().data.all(t, "AWS::SQS::QueuePolicy") {
		if onlyRefusesPlainHTTP(policy) {
			closed[ref(policy.get("Queues", 0))] = true
		}
	}
	want(t, "queues over TLS only", slices.Sorted(maps.Keys(closed)), []string{queue.ID, dead.ID})
	for _, q := range []resource{queue, dead} {
		want(t, q.ID+" is encrypted", q.get("SqsManagedSseEnabled"), true)
		want(t, q.ID+" outlives its stack", q.DeletionPolicy, "RetainExceptOnCreate")
	}
}

func TestTopicIsClosed(t *testing.T) {
	topic := full().data.one(t, "AWS::SNS::Topic", "/Topic/")
	if !strings.Contains(plain(topic.get("KmsMasterKeyId")), "alias/aws/sns") {
		t.Errorf("the topic's key is %s", plain(topic.get("KmsMasterKeyId")))
	}
	policy := full().data.one(t, "AWS::SNS::TopicPolicy", "/Topic/")
	if !onlyRefusesPlainHTTP(policy) {
		t.Errorf("the topic's policy is %s", plain(policy.get("PolicyDocument")))
	}
}

func TestTableCanBeRestored(t *testing.T) {
	table := full().data.one(t, "AWS::DynamoDB::Table", "")
	want(t, "key", table.get("KeySchema"), []any{map[string]string{"AttributeName": "id", "KeyType": "HASH"}})
	want(t, "key's type", table.get("AttributeDefinitions"), []any{map[string]string{"AttributeName": "id", "AttributeType": "S"}})
	want(t, "billing", table.get("BillingMode"), "PAY_PER_REQUEST")
	want(t, "recovery", table.get("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"), true)
	want(t, "deletion protection", table.get("DeletionProtectionEnabled"), true)
	want(t, "outlives its stack", []string{table.DeletionPolicy, table.UpdateReplacePolicy}, []string{"RetainExceptOnCreate", "Retain"})
}

// Tasks poll AppConfig from their first minute: without a deployed version each poll is an error. A change that reaches every
// task at once can stop all of them at once.
func TestAppConfigIsDeployedGradually(t *testing.T) {
	data := full().data
	strategy := data.one(t, "AWS::AppConfig::DeploymentStrategy", "")
	deployment := data.one(t, "AWS::AppConfig::Deployment", "")
	want(t, "strategy", ref(deployment.get("DeploymentStrategyId")), strategy.ID)
	want(t, "version", data.resource(ref(deployment.get("ConfigurationVersion"))).get("Content"), "{}")
	want(t, "growth",
		[]any{
			strategy.get("GrowthType"), strategy.get("GrowthFactor"),
			strategy.get("DeploymentDurationInMinutes"), strategy.get("FinalBakeTimeInMinutes"),
		},
		[]any{"LINEAR", 20, 5, 5})
	profile := data.one(t, "AWS::AppConfig::ConfigurationProfile", "")
	want(t, "profile", []any{profile.get("Type"), profile.get("LocationUri")}, []any{"AWS.Freeform", "hosted"})
	for _, r := range data.resources() {
		if strings.HasPrefix(r.Type, "AWS::AppConfig::") {
			want(t, r.ID+" on deletion", r.DeletionPolicy, "RetainExceptOnCreate")
		}
	}
}

// Nothing remains of a removable environment, even with every option on.
func TestNothingRemainsOfARemovableEnvironmentWithOptions(t *testing.T) {
	e := with(t, config.Development(), everything)
	for _, tpl := range e.templates() {
		for _, r := range tpl.resources() {
			if r.DeletionPolicy == "Retain" || r.DeletionPolicy == "Snapshot" || r.DeletionPolicy == "RetainExceptOnCreate" {
				t.Errorf("%s remains: %s", r.ID, r.DeletionPolicy)
			}
		}
	}
}
