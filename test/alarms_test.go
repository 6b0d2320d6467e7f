package test

import (
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
		"Alarms/MigrationFailed", "Alarms/SchedulerRunning", "Alarms/UnhealthyTargets", "Alarms/WebRunning",
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
	reported := []string{"AWS/ApplicationELB", "AWS/ECS", "AWS/RDS", "AWS/ElastiCache", "dozen/prod"}
	for _, alarm := range prod().services.all(t, "AWS::CloudWatch::Alarm") {
		namespace, _ := alarm.get("Namespace").(string)
		if !slices.Contains(reported, namespace) {
			t.Errorf("%s reads the namespace %q", alarm.ID, namespace)
		}
	}
	want(t, "a metric without data",
		prod().services.one(t, "AWS::CloudWatch::Alarm", "SchedulerRunning").get("TreatMissingData"), "breaching")
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
