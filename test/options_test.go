package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"dozen/config"
	"dozen/internal/templatecheck"
	"dozen/stacks"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"
)

// everything switches on all that is off by default.
func everything(e *config.Environment) {
	e.Alarms.Email = "ops@example.com"
	e.Options = config.Options{
		ContainerInsights: true, Queue: true, Topic: true, Table: true, AppConfig: true,
		Dashboard: true, FireLens: true, AuditTrail: true, MonthlyBudgetUSD: 300,
	}
	e.Secrets = map[string]config.Secret{
		"STRIPE_KEY":    {ARN: stripe, Field: "key"},
		"STRIPE_SECRET": {ARN: stripe, Field: "secret"},
		"MAIL_PASSWORD": {ARN: mailer},
		"SMS_KEY":       {Name: "shop/sms", Field: "key", KeyARN: key},
		"MAP_KEY":       {Parameter: "/shop/prod/MAP_KEY", KeyARN: key},
		"SECRET_KEY":    {Generated: 64},
	}
	e.ScheduledTasks = map[string]config.ScheduledTask{
		"nightly-backup": {Schedule: "cron(30 2 * * ? *)", Command: []string{"dozen-app", "import", `a "b"`}},
		"poll":           {Schedule: "rate(15 minutes)", Command: []string{"dozen-app", "replay"}},
	}
}

const (
	stripe = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe-AbCdEf"
	mailer = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mail-GhIjKl"
	key    = "arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-1234-1234-123456789012"
)

// full is production with everything on.
var full = sync.OnceValue(func() environment {
	e := config.Production()
	everything(&e)
	return synthesize(e, fixture())
})

// An option that fails a check fails for the first team that switches it on. All options together pass cdk-nag and our own
// checks, in development without a NAT and in production.
func TestEveryOptionPassesTheChecks(t *testing.T) {
	for name, e := range map[string]config.Environment{"development": config.Development(), "production": config.Production()} {
		t.Run(name, func(t *testing.T) {
			everything(&e)
			if name == "development" {
				e.Network.NAT, e.Network.Endpoints = config.NATNone, []string{"secretsmanager", "ecr.dkr"}
			}
			for _, problem := range checked(t, e, func(*stacks.Stage) {}) {
				t.Error(problem)
			}
		})
	}
	faulty := checked(t, config.Development(), func(stage *stacks.Stage) {
		awssqs.NewQueue(stage.Data.Stack, jsii.String("Open"), nil)
	})
	if !slices.ContainsFunc(faulty, func(problem string) bool { return strings.Contains(problem, "AwsSolutions-SQS4") }) {
		t.Errorf("the checks let a queue without TLS pass: %v", faulty)
	}
}

// checked synthesizes as main does and returns all problems. Errors of cdk-nag end the synthesis itself, with a report.
func checked(t *testing.T, e config.Environment, change func(*stacks.Stage)) (problems []string) {
	t.Helper()
	_, problems = checkedIn(t, e, change)
	return problems
}

// checkedIn is checked, and also returns the directory of the cloud assembly.
func checkedIn(t *testing.T, e config.Environment, change func(*stacks.Stage)) (directory string, problems []string) {
	t.Helper()
	if err := e.Validate(fixture().Processes); err != nil {
		t.Fatal(err)
	}
	directory, err := os.MkdirTemp(scratch(), "checked-")
	must(err)
	props := stacks.AppProps()
	props.Outdir, props.Context = jsii.String(directory), cdkContext()
	cdk := awscdk.NewApp(props)
	stage := stacks.NewStage(cdk, e, fixture())
	change(stage)
	nag.AddChecks(stage.Stage)
	defer func() {
		if problem := recover(); problem != nil {
			report, _ := os.ReadFile(filepath.Join(directory, "validation-report.json")) // missing after any other failure
			problems = append(problems, fmt.Sprint(problem), string(report))
		}
	}()
	cdk.Synth(nil)
	found, err := templatecheck.Problems(os.DirFS(directory))
	must(err)
	for _, problem := range found {
		problems = append(problems, problem.String())
	}
	return directory, problems
}

// Nobody pays for an option by accident: the three environments have none on. The stored log queries are free, and the only
// ones that are always on.
func TestOptionsAreOffByDefault(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		var kinds []string
		for _, tpl := range e.templates() {
			for _, r := range tpl.resources() {
				kinds = append(kinds, r.Type)
			}
		}
		for _, prefix := range []string{
			"AWS::SQS::", "AWS::DynamoDB::", "AWS::AppConfig::", "AWS::CloudTrail::", "AWS::Budgets::",
			"AWS::CloudWatch::Dashboard", "AWS::Scheduler::", "AWS::StepFunctions::", "AWS::Events::Rule",
		} {
			if i := slices.IndexFunc(kinds, func(kind string) bool { return strings.HasPrefix(kind, prefix) }); i >= 0 {
				t.Errorf("there is a %s", kinds[i])
			}
		}
		want(t, "topics", len(e.services.ofType("AWS::SNS::Topic"))+len(e.data.ofType("AWS::SNS::Topic")), 1)
		for _, definition := range e.services.all(t, "AWS::ECS::TaskDefinition") {
			want(t, definition.ID+"'s containers", len(list(definition.get("ContainerDefinitions"))), 2) // the app's and the proxy
		}
		want(t, "queries", len(e.services.all(t, "AWS::Logs::QueryDefinition")), 3)
	})
}

// origin returns the value to which a weak reference of the services stack points in the data stack, or the value itself.
func (e environment) origin(value any) any {
	if name, ok := dig(value, "Fn::GetStackOutput", "OutputName").(string); ok {
		return e.data.output(name)
	}
	return value
}

// variable returns the value of a task definition's variable, traced to the data stack; nil if it is not set.
func (e environment) variable(definition resource, name string) any {
	text, ok := definition.variables()[name]
	if !ok {
		return nil
	}
	var value any
	must(json.Unmarshal([]byte(text), &value))
	return e.origin(value)
}

// statements returns the statements of the policies of a role.
func statements(tpl template, role string) []any {
	var found []any
	must(json.Unmarshal([]byte(policiesOf(tpl, role)), &found))
	return found
}

// Two environments of one account with everything on share no name that AWS wants to be unique.
func TestOptionsOfTwoEnvironmentsDoNotCollide(t *testing.T) {
	named := func(name string) environment {
		return with(t, config.Development(), func(e *config.Environment) { everything(e); e.Name = name })
	}
	one, two := named("one"), named("two")
	compared := 0
	for _, pair := range [][2]template{{one.data, two.data}, {one.services, two.services}} {
		for _, r := range pair[0].resources() {
			for _, property := range []string{
				"Name", "QueueName", "TopicName", "TableName", "TrailName", "DashboardName", "StateMachineName", "BucketName",
			} {
				text, fixed := r.Properties[property].(string)
				if !fixed {
					continue
				}
				compared++
				for _, other := range pair[1].ofType(r.Type) {
					if other.Properties[property] == text {
						t.Errorf("%s (%s): %s is %q in both environments", r.ID, r.Type, property, text)
					}
				}
			}
		}
	}
	if compared < 5 {
		t.Errorf("only %d names were compared", compared)
	}
}

// The alarms of options tell somebody what to do, like all others.
func TestAlarmsOfOptionsHaveRunbooks(t *testing.T) {
	rang := 0
	for _, alarm := range full().services.all(t, "AWS::CloudWatch::Alarm") {
		if !alarm.under("/ScheduledTasks/") && !alarm.under("/Redeploy/") && !alarm.under("/Alarms/Queue") {
			continue
		}
		rang++
		want(t, alarm.ID+" tells", ref(alarm.get("AlarmActions", 0)), full().services.one(t, "AWS::SNS::Topic", "AlarmTopic").ID)
		_, runbook, _ := strings.Cut(alarm.get("AlarmDescription").(string), "Runbook: ")
		readFile(t, runbook)
	}
	want(t, "alarms of options", rang, 4)
}
