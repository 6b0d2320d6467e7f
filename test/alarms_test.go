package test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/config"
)

// alarmPaths returns the construct paths of the alarms below the services stack, sorted.
func alarmPaths(t *testing.T, e environment) []string {
	t.Helper()
	var paths []string
	for _, alarm := range e.services.all(t, "AWS::CloudWatch::Alarm") {
		path := strings.TrimSuffix(strings.TrimPrefix(alarm.path(), e.Name+"/Services/"), "/Resource/")
		if !strings.Contains(path, "/Target/") { // target tracking creates its own, outside the template
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func TestAlarmsOfTheFirstDay(t *testing.T) {
	want(t, "production's alarms", alarmPaths(t, prod()), []string{
		"Alarms/CacheEvictions1", "Alarms/CacheEvictions2", "Alarms/CacheMemory1", "Alarms/CacheMemory2",
		"Alarms/DatabaseConnections", "Alarms/DatabaseCpu", "Alarms/DatabaseStorage", "Alarms/LoadBalancerErrors",
		"Alarms/MigrationFailed", "Alarms/RotationFailed", "Alarms/SchedulerRunning", "Alarms/UnhealthyTargets", "Alarms/WebRunning",
		"Alarms/WorkerBacklogAge", "Alarms/WorkerRunning", "Web/Errors", "Web/Latency",
	})
}

// An alarm that tells nobody is a light in an empty room; an alarm that nobody can act on is noise.
func TestAlarmsTellSomeoneWhatToDo(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		topic := e.services.one(t, "AWS::SNS::Topic", "")
		named := regexp.MustCompile(`docs/runbooks/\w+\.md`)
		for _, alarm := range e.services.all(t, "AWS::CloudWatch::Alarm") {
			if alarm.under("FirstNeeded") {
				continue
			}
			for _, kind := range []string{"AlarmActions", "OKActions"} {
				want(t, alarm.ID+"'s "+kind, alarm.get(kind), []any{map[string]string{"Ref": topic.ID}})
			}
			runbook := named.FindString(plain(alarm.get("AlarmDescription")))
			if _, err := os.Stat(filepath.Join(root, runbook)); runbook == "" || err != nil {
				t.Errorf("%s does not name an existing runbook: %s", alarm.ID, plain(alarm.get("AlarmDescription")))
			}
		}
	})
}

// An alarm on a metric that nobody reports never fires: AWS or the app reports each of them.
func TestAlarmsReadWhatIsReported(t *testing.T) {
	reported := []string{"AWS/ApplicationELB", "AWS/ECS", "AWS/RDS", "AWS/ElastiCache", "AWS/Lambda", "dozen/prod"}
	for _, alarm := range prod().services.all(t, "AWS::CloudWatch::Alarm") {
		read := namespaces(alarm)
		if len(read) == 0 {
			t.Errorf("%s reads nothing", alarm.ID)
		}
		for _, namespace := range read {
			if !slices.Contains(reported, namespace) {
				t.Errorf("%s reads the namespace %q", alarm.ID, namespace)
			}
		}
	}
	want(t, "a metric without data",
		prod().services.one(t, "AWS::CloudWatch::Alarm", "SchedulerRunning").get("TreatMissingData"), "breaching")
}

// namespaces are those of the metrics that an alarm reads, itself or in an expression.
func namespaces(alarm resource) (found []string) {
	if namespace, ok := alarm.get("Namespace").(string); ok {
		return []string{namespace}
	}
	for _, query := range list(alarm.get("Metrics")) {
		if metric := dig(query, "MetricStat", "Metric", "Namespace"); metric != nil {
			found = append(found, metric.(string))
		}
	}
	return found
}

func TestAlarmAddress(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Alarms.Email = "ops@example.com" })
	subscription := e.services.one(t, "AWS::SNS::Subscription", "")
	want(t, "subscription", []any{subscription.get("Protocol"), subscription.get("Endpoint")}, []string{"email", "ops@example.com"})
	want(t, "without an address", len(prod().services.ofType("AWS::SNS::Subscription")), 0)
	policy := plain(prod().services.one(t, "AWS::SNS::TopicPolicy", "").Properties)
	if !strings.Contains(policy, "cloudwatch.amazonaws.com") || !strings.Contains(policy, "aws:SecureTransport") {
		t.Errorf("the topic's policy is %s", policy)
	}
}

// Prevents: a rotation that fails every month, and a password that is never changed. The alarm watches the very function, and the
// function's log has the environment's retention and goes with its stack, so that its name is free for the next one.
func TestFailedRotationIsNoticed(t *testing.T) {
	for _, get := range []func() environment{staging, prod} {
		e := get()
		name := e.data.one(t, "AWS::SecretsManager::RotationSchedule", "").get("HostedRotationLambda", "RotationLambdaName")
		want(t, "function", name, "dozen-"+e.Name+"-rotation")
		alarm := e.services.one(t, "AWS::CloudWatch::Alarm", "/RotationFailed/")
		want(t, "watched", []any{alarm.get("Namespace"), alarm.get("MetricName"), alarm.get("Dimensions")},
			[]any{"AWS/Lambda", "Errors", []any{map[string]any{"Name": "FunctionName", "Value": name}}})
		want(t, "without a rotation", alarm.get("TreatMissingData"), "notBreaching")
		logs := e.data.one(t, "AWS::Logs::LogGroup", "/RotationLogs/")
		want(t, "log group", []any{logs.get("LogGroupName"), logs.get("RetentionInDays"), logs.DeletionPolicy},
			[]any{"/aws/lambda/dozen-" + e.Name + "-rotation", e.settings.LogDays, "Delete"})
		schedule := e.data.one(t, "AWS::SecretsManager::RotationSchedule", "")
		if !slices.Contains(schedule.DependsOn, logs.ID) {
			t.Errorf("%s: the first rotation may come before its log group", e.Name)
		}
	}
}

// Prevents: a queue that nobody empties, and dead letters that nobody sees until SQS deletes them.
func TestQueueIsWatched(t *testing.T) {
	e := full()
	queues := map[string]string{}
	for _, queue := range e.data.all(t, "AWS::SQS::Queue") {
		queues[queue.ID] = queue.path()
	}
	for part, watched := range map[string]struct{ metric, queue string }{
		"/QueueAge/":         {"ApproximateAgeOfOldestMessage", "prod/Data/Queue/Queue/"},
		"/QueueDeadLetters/": {"ApproximateNumberOfMessagesVisible", "prod/Data/Queue/Dead/"},
	} {
		alarm := e.services.one(t, "AWS::CloudWatch::Alarm", part)
		want(t, part, []any{alarm.get("Namespace"), alarm.get("MetricName")}, []string{"AWS/SQS", watched.metric})
		id := dig(e.origin(alarm.get("Dimensions", 0, "Value")), "Fn::GetAtt", 0)
		if !strings.HasPrefix(queues[fmt.Sprint(id)], watched.queue) {
			t.Errorf("%s watches %v (%s)", part, id, queues[fmt.Sprint(id)])
		}
	}
	want(t, "limit", e.services.one(t, "AWS::CloudWatch::Alarm", "/QueueAge/").get("Threshold"), e.settings.Alarms.BacklogAge.Seconds())
}
