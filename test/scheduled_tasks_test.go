package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"dozen/config"
	"dozen/internal/gate"
)

// scheduled returns development with two scheduled tasks.
func scheduled(t *testing.T) environment {
	t.Helper()
	return with(t, config.Development(), func(e *config.Environment) {
		e.ScheduledTasks = map[string]config.ScheduledTask{
			"nightly-backup": {Schedule: "cron(30 2 * * ? *)", Command: []string{"dozen-app", "import", `a "b"`}},
			"poll":           {Schedule: "rate(15 minutes)", Command: []string{"dozen-app", "replay"}},
		}
	})
}

// The nightly backup runs with the variables and permissions of web, with its own command, at the given hour.
func TestScheduledTaskRunsTheAdminDefinition(t *testing.T) {
	e := scheduled(t)
	admin := e.services.one(t, "AWS::ECS::TaskDefinition", "/Admin/")
	web := e.services.one(t, "AWS::EC2::SecurityGroup", "/Web/Process/Group/")
	for path, wanted := range map[string]struct {
		schedule string
		command  []string
	}{
		"/nightly-backup/": {"cron(30 2 * * ? *)", []string{"dozen-app", "import", `a "b"`}},
		"/poll/":           {"rate(15 minutes)", []string{"dozen-app", "replay"}},
	} {
		schedule := e.services.one(t, "AWS::Scheduler::Schedule", path)
		want(t, "schedule",
			[]any{schedule.get("ScheduleExpression"), schedule.get("ScheduleExpressionTimezone")},
			[]any{wanted.schedule, "UTC"})
		want(t, "time window", schedule.get("FlexibleTimeWindow", "Mode"), "OFF")
		want(t, "cluster", ref(schedule.get("Target", "Arn")), e.services.one(t, "AWS::ECS::Cluster", "").ID)
		want(t, "task definition", ref(schedule.get("Target", "EcsParameters", "TaskDefinitionArn")), admin.ID)
		want(t, "tasks", schedule.get("Target", "EcsParameters", "TaskCount"), 1)
		want(t, "group of the task",
			ref(schedule.get("Target", "EcsParameters", "NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups", 0)),
			web.ID)
		var input any
		must(json.Unmarshal([]byte(schedule.get("Target", "Input").(string)), &input))
		want(t, "overrides", input,
			map[string]any{"containerOverrides": []any{map[string]any{"name": admin.container("Name"), "command": wanted.command}}})
	}
}

// Prevents: a nightly command of a new image on the schema of the old one, because its schedule changed before the migration
// had succeeded. Whatever starts the image waits for the gate: by itself, or through its task definition.
func TestEverythingThatStartsTheImageWaitsForTheMigration(t *testing.T) {
	services := scheduled(t).services
	migration := services.one(t, gate.ResourceType, "")
	waits := func(r resource) bool { return slices.Contains(r.DependsOn, migration.ID) }
	starters := 0
	for _, r := range services.resources() {
		definition := ref(r.get("TaskDefinition"))
		if r.Type == "AWS::Scheduler::Schedule" {
			definition = ref(r.get("Target", "EcsParameters", "TaskDefinitionArn"))
		}
		if definition == "" || r.ID == migration.ID {
			continue
		}
		starters++
		if !waits(r) && !waits(services.resource(definition)) {
			t.Errorf("%s (%s) starts %s, and neither waits for the migration", r.ID, r.Type, definition)
		}
	}
	want(t, "what starts the image", starters, 5)
	admin := services.one(t, "AWS::ECS::TaskDefinition", "/Admin/")
	if command := plain(services.output("RunCommand")); !strings.Contains(command, `{"Ref":"`+admin.ID+`"}`) || !waits(admin) {
		t.Errorf("the printed command may run a revision whose migration has not succeeded: %s", command)
	}
}

// A start that fails is tried again for an hour; then an alarm tells somebody.
func TestScheduledTaskThatCannotStartRaisesAnAlarm(t *testing.T) {
	e := scheduled(t)
	group := e.services.one(t, "AWS::Scheduler::ScheduleGroup", "")
	for _, schedule := range e.services.all(t, "AWS::Scheduler::Schedule") {
		want(t, "retries", schedule.get("Target", "RetryPolicy"),
			map[string]int{"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 10})
		want(t, "group", schedule.get("GroupName"), group.get("Name"))
		if !strings.Contains(plain(schedule.DependsOn), group.ID) {
			t.Errorf("%s does not wait for its group, which it knows by name only: %v", schedule.ID, schedule.DependsOn)
		}
	}
	alarm := e.services.one(t, "AWS::CloudWatch::Alarm", "/ScheduledTasks/")
	want(t, "metric", []any{alarm.get("Namespace"), alarm.get("MetricName"), alarm.get("Dimensions", 0, "Value")},
		[]any{"AWS/Scheduler", "InvocationDroppedCount", group.get("Name")})
	want(t, "tells", ref(alarm.get("AlarmActions", 0)), e.services.one(t, "AWS::SNS::Topic", "").ID)
}

// The schedules may start this one family in this one cluster and pass web's two roles to it. With more, a schedule would open
// every role of the account.
func TestScheduledTasksHaveLeastPrivilege(t *testing.T) {
	e := scheduled(t)
	admin, role := e.services.one(t, "AWS::ECS::TaskDefinition", "/Admin/"), e.services.one(t, "AWS::IAM::Role", "/ScheduledTasks/Role/")
	for _, schedule := range e.services.all(t, "AWS::Scheduler::Schedule") {
		want(t, schedule.ID+"'s role", ref(schedule.get("Target", "RoleArn")), role.ID)
	}
	want(t, "who may take the role", role.get("AssumeRolePolicyDocument", "Statement"), []any{map[string]any{
		"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]string{"Service": "scheduler.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": map[string]string{"Ref": "AWS::AccountId"}}},
	}})
	allowed := statements(e.services, role.ID)
	if len(allowed) != 2 {
		t.Fatalf("the role allows %s", plain(allowed))
	}
	run, pass, cluster := allowed[0], allowed[1], e.services.one(t, "AWS::ECS::Cluster", "")
	want(t, "runs", dig(run, "Action"), "ecs:RunTask")
	if family := plain(dig(run, "Resource")); !strings.Contains(family, ":task-definition/"+admin.get("Family").(string)+`:*"`) {
		t.Errorf("it runs %s", family)
	}
	want(t, "only in", dig(run, "Condition"),
		map[string]any{"ArnEquals": map[string]any{"ecs:cluster": map[string]any{"Fn::GetAtt": []string{cluster.ID, "Arn"}}}})
	want(t, "passes", dig(pass, "Action"), "iam:PassRole")
	want(t, "roles", dig(pass, "Resource"), []any{admin.get("ExecutionRoleArn"), admin.get("TaskRoleArn")})
	want(t, "to", dig(pass, "Condition"), map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "ecs-tasks.amazonaws.com"}})
}

// Without a NAT the task needs a public address, or it cannot pull its image.
func TestScheduledTaskReachesTheInternet(t *testing.T) {
	for mode, address := range map[config.NAT]string{config.NATNone: "ENABLED", config.NATSingle: "DISABLED"} {
		e := with(t, config.Development(), func(e *config.Environment) {
			e.Network.NAT = mode
			e.ScheduledTasks = map[string]config.ScheduledTask{"poll": {Schedule: "rate(1 hour)", Command: []string{"dozen-app", "replay"}}}
		})
		schedule := e.services.one(t, "AWS::Scheduler::Schedule", "")
		network := schedule.get("Target", "EcsParameters", "NetworkConfiguration", "AwsvpcConfiguration")
		want(t, "address with NAT "+string(mode), dig(network, "AssignPublicIp"), address)
		subnets := plain(dig(network, "Subnets"))
		if strings.Contains(subnets, "publicSubnet") != (mode == config.NATNone) {
			t.Errorf("with NAT %s it runs in %s", mode, subnets)
		}
	}
}

// Names of tasks that resemble each other, or parts of the schedules, do not collide in the construct library.
func TestScheduledTasksOfAnyName(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) {
		e.ScheduledTasks = map[string]config.ScheduledTask{}
		for _, name := range []string{"role", "group", "a-b", "a--b", "ab", "x"} {
			e.ScheduledTasks[name] = config.ScheduledTask{Schedule: "rate(1 day)", Command: []string{"dozen-app", "replay"}}
		}
		e.Database.Class = "t4g.small"
	})
	want(t, "schedules", len(e.services.all(t, "AWS::Scheduler::Schedule")), 6)
}
