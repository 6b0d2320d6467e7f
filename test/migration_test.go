package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/config"
)

// New code on an old schema is the outage that the gate exists for.
func TestEveryServiceWaitsForTheMigration(t *testing.T) {
	each(t, func(t *testing.T, a assembly) {
		gate := a.services.one(t, "Custom::Migration", "")
		for _, service := range a.services.all(t, "AWS::ECS::Service") {
			if !slices.Contains(service.DependsOn, gate.id) {
				t.Errorf("%s does not wait for the migration: it waits for %v", service.id, service.DependsOn)
			}
		}
		release := a.services.one(t, "AWS::ECS::TaskDefinition", "/Release/")
		want(t, "task definition", ref(gate.get("TaskDefinition")), release.id)
		want(t, "container", gate.get("Container"), release.get("ContainerDefinitions", 0, "Name"))
		want(t, "log group", ref(gate.get("LogGroup")), ref(release.get("ContainerDefinitions", 0, "LogConfiguration", "Options", "awslogs-group")))
		want(t, "security group", ref(gate.get("SecurityGroups", 0)), a.services.one(t, "AWS::EC2::SecurityGroup", "/Release/").id)
	})
}

// A migration that starts before its group may reach the database fails on the first deployment only, and for no visible reason.
func TestMigrationWaitsForItsPermissions(t *testing.T) {
	each(t, func(t *testing.T, a assembly) {
		gate := a.services.one(t, "Custom::Migration", "")
		needed := 0
		for id, r := range a.services.Resources {
			path := r.path()
			own := strings.Contains(path, "/Release/Process/") && (r.Type == "AWS::IAM::Policy" || r.Type == "AWS::EC2::SecurityGroupIngress")
			if own || r.Type == "AWS::IAM::Policy" && strings.Contains(path, "/Release/Role/") {
				needed++
				if !slices.Contains(gate.DependsOn, id) {
					t.Errorf("the migration does not wait for %s", id)
				}
			}
		}
		if needed < 5 {
			t.Errorf("found only %d resources that the migration needs", needed)
		}
	})
}

// The gate may run, watch and stop this task in this cluster, hand it these two roles, and nothing else.
func TestGateHasLeastPrivilege(t *testing.T) {
	each(t, func(t *testing.T, a assembly) {
		function := a.services.one(t, "AWS::Lambda::Function", "/Release/")
		policy := policiesOf(a.services, ref(function.get("Role")))
		release := a.services.one(t, "AWS::ECS::TaskDefinition", "/Release/")
		for _, part := range []string{
			`"ecs:cluster":{"Fn::GetAtt":["Cluster`, `:task-definition/` + release.get("Family").(string) + `:*`,
			`"iam:PassedToService":"ecs-tasks.amazonaws.com"`, ref(release.get("TaskRoleArn")), ref(release.get("ExecutionRoleArn")),
		} {
			if !strings.Contains(policy, part) {
				t.Errorf("the gate's policy lacks %s: %s", part, policy)
			}
		}
		var statements []any
		must(json.Unmarshal([]byte(policy), &statements))
		for _, statement := range statements {
			if dig(statement, "Resource") == "*" && (dig(statement, "Action") != "ecs:ListTasks" || dig(statement, "Condition") == nil) {
				t.Errorf("the gate may act on everything: %s", plain(statement))
			}
		}
		if strings.Contains(policy, `"Arn"]},":log-stream`) {
			t.Error("a log group's Arn attribute ends in :* and cannot be continued")
		}
	})
}

// CloudFormation's own limit for a custom resource is an hour of silence; ours ends soon after the migration's deadline.
func TestDeadlines(t *testing.T) {
	a := with(t, config.Development(), func(e *config.Environment) { e.Migration.Deadline = 40 * time.Minute })
	gate := a.services.one(t, "Custom::Migration", "")
	want(t, "deadline", gate.get("DeadlineSeconds"), "2400")
	timeout := atoi(t, gate.get("ServiceTimeout"))
	if timeout <= 2400 || timeout > 3600 {
		t.Errorf("CloudFormation waits %g s for a migration of 2400 s", timeout)
	}
}

func TestMigrationByHand(t *testing.T) {
	a := with(t, config.Development(), func(e *config.Environment) { e.Migration.RunOnDeploy = false })
	want(t, "gates", len(a.services.some("Custom::Migration")), 0)
	want(t, "functions", len(a.services.some("AWS::Lambda::Function")), 0)
	command := plain(dig(a.services.Outputs["MigrateCommand"], "Value"))
	if family := a.services.one(t, "AWS::ECS::TaskDefinition", "/Release/").get("Family").(string); !strings.Contains(command, family) {
		t.Errorf("MigrateCommand does not run %s: %s", family, command)
	}
	want(t, "command with a gate", dev().services.Outputs["MigrateCommand"], nil)
}

func TestSnapshotBeforeMigration(t *testing.T) {
	a := with(t, config.Production(), func(e *config.Environment) { e.Migration.SnapshotFirst = true })
	gate := a.services.one(t, "Custom::Migration", "")
	want(t, "kind", gate.get("SnapshotKind"), "instance")
	if !strings.Contains(plain(gate.get("SnapshotDatabase")), "DatabaseInstance") {
		t.Errorf("snapshot of %s", plain(gate.get("SnapshotDatabase")))
	}
	if policy := policiesOf(a.services, ref(a.services.one(t, "AWS::Lambda::Function", "/Release/").get("Role"))); !strings.Contains(policy, "rds:CreateDBSnapshot") {
		t.Errorf("the gate may not take a snapshot: %s", policy)
	}
	want(t, "by default", prod().services.one(t, "Custom::Migration", "").get("SnapshotDatabase"), nil)
}
