package test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/config"
	"dozen/internal/gate"
)

// New code on an old schema is the outage that the gate exists for.
func TestEveryServiceWaitsForTheMigration(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		migration := e.services.one(t, gate.ResourceType, "")
		for _, service := range e.services.all(t, "AWS::ECS::Service") {
			if !slices.Contains(service.DependsOn, migration.ID) {
				t.Errorf("%s does not wait for the migration, only for %v", service.ID, service.DependsOn)
			}
		}
		release := e.services.one(t, "AWS::ECS::TaskDefinition", "/Release/")
		want(t, "task definition", ref(migration.get(gate.PropertyTaskDefinition)), release.ID)
		want(t, "container", migration.get(gate.PropertyContainer), release.container("Name"))
		want(t, "log group", ref(migration.get(gate.PropertyLogGroup)),
			ref(release.container("LogConfiguration", "Options", "awslogs-group")))
		want(t, "security group", ref(migration.get(gate.PropertySecurityGroups, 0)),
			e.services.one(t, "AWS::EC2::SecurityGroup", "/Release/").ID)
	})
}

// A migration that starts before its security group may reach the database fails in the first deployment only, and the reason
// is not visible.
func TestMigrationWaitsForItsPermissions(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		migration := e.services.one(t, gate.ResourceType, "")
		needed := 0
		for _, r := range e.services.resources() {
			policy, rule := r.Type == "AWS::IAM::Policy", r.Type == "AWS::EC2::SecurityGroupIngress"
			if r.under("/Release/Process/") && (policy || rule) || r.under("/Release/Role/") && policy {
				needed++
				if !slices.Contains(migration.DependsOn, r.ID) {
					t.Errorf("the migration does not wait for %s", r.ID)
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
	each(t, func(t *testing.T, e environment) {
		function := e.services.one(t, "AWS::Lambda::Function", "/Release/")
		policy := policiesOf(e.services, ref(function.get("Role")))
		release := e.services.one(t, "AWS::ECS::TaskDefinition", "/Release/")
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
			t.Error("a log group's Arn attribute ends with :*, so nothing can be appended")
		}
	})
}

// CloudFormation's own limit for a custom resource is an hour of silence; ours ends soon after the migration's deadline.
func TestDeadlines(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) { e.Migration.Deadline = 40 * time.Minute })
	migration := e.services.one(t, gate.ResourceType, "")
	want(t, "deadline", migration.get(gate.PropertyDeadlineSeconds), "2400")
	timeout := number(t, migration.get("ServiceTimeout"))
	if timeout <= 2400 || timeout > 3600 {
		t.Errorf("CloudFormation waits %g s for a migration of 2400 s", timeout)
	}
}

func TestMigrationByHand(t *testing.T) {
	e := with(t, config.Development(), func(e *config.Environment) { e.Migration.RunOnDeploy = false })
	want(t, "gates", len(e.services.ofType(gate.ResourceType)), 0)
	want(t, "functions", len(e.services.ofType("AWS::Lambda::Function")), 0)
	command := plain(e.services.output("MigrateCommand"))
	definition := e.services.one(t, "AWS::ECS::TaskDefinition", "/Release/").ID
	if !strings.Contains(command, `--task-definition ",{"Ref":"`+definition+`"}`) {
		t.Errorf("MigrateCommand does not run the revision of %s: %s", definition, command)
	}
	want(t, "command with a gate", dev().services.output("MigrateCommand"), nil)
}

// CloudFormation replaces a custom resource whose type or logical id changes, in every user's stack, and the gate's function
// of the version before still reads these properties in a rollback. So the names are literals here.
func TestGateKeepsItsTypeAndProperties(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) {
		e.Migration.SnapshotFirst, e.Database.Snapshot = true, "before-the-accident"
	})
	migration := e.services.one(t, "Custom::Migration", "/Release/Migration/")
	want(t, "logical id", migration.ID, "ReleaseMigration7F113672")
	want(t, "properties", slices.Sorted(maps.Keys(migration.Properties)), []string{
		"AssignPublicIp", "Cluster", "Container", "DeadlineSeconds", "KeepSnapshots", "LogGroup", "LogStreamPrefix", "Release", "RestoredFrom",
		"SecurityGroups", "ServiceTimeout", "ServiceToken", "SnapshotDatabase", "SnapshotKind", "SnapshotPrefix", "Subnets", "TaskDefinition",
	})
	lasting := e.data.one(t, "Custom::LastingSettings", "/Lasting/Settings/")
	want(t, "logical id", lasting.ID, "LastingSettings445D827A")
	want(t, "properties", slices.Sorted(maps.Keys(lasting.Properties)), []string{
		"Confirm", "Lasting", "RestoredFrom", "ServiceTimeout", "ServiceToken",
	})
}

// At three in the morning somebody searches the events of the stack for what the runbook names.
func TestRunbooksNameTheGate(t *testing.T) {
	runbooks, err := filepath.Glob(filepath.Join(root, "docs", "runbooks", "*.md"))
	must(err)
	named := 0
	for _, path := range runbooks {
		text, err := os.ReadFile(path)
		must(err)
		for _, resourceType := range regexp.MustCompile(`Custom::\w+`).FindAllString(string(text), -1) {
			named++
			if resourceType != gate.ResourceType {
				t.Errorf("%s names %s, which no template contains; write %s", path, resourceType, gate.ResourceType)
			}
		}
	}
	if named == 0 {
		t.Errorf("no runbook names %s", gate.ResourceType)
	}
}

func TestSnapshotBeforeMigration(t *testing.T) {
	e := with(t, config.Production(), func(e *config.Environment) { e.Migration.SnapshotFirst = true })
	migration := e.services.one(t, gate.ResourceType, "")
	want(t, "kind", migration.get(gate.PropertySnapshotKind), "instance")
	if !strings.Contains(plain(migration.get(gate.PropertySnapshotDatabase)), "DatabaseInstance") {
		t.Errorf("snapshot of %s", plain(migration.get(gate.PropertySnapshotDatabase)))
	}
	want(t, "by default", prod().services.one(t, gate.ResourceType, "").get(gate.PropertySnapshotDatabase), nil)
}

// Prevents: an environment that deletes another one's snapshots, or a person's; and a release that cannot take its own.
func TestGateMayDeleteOnlyItsOwnSnapshots(t *testing.T) {
	for _, aurora := range []bool{false, true} {
		e := with(t, config.Production(), func(e *config.Environment) { e.Migration.SnapshotFirst, e.Database.Aurora = true, aurora })
		migration := e.services.one(t, gate.ResourceType, "")
		want(t, "prefix", migration.get(gate.PropertySnapshotPrefix), "before-dozen-prod")
		want(t, "kept", migration.get(gate.PropertyKeepSnapshots), "5")
		want(t, "length of the version", len(migration.get(gate.PropertyRelease).(string)), 12)
		kind, family := "snapshot", "DBSnapshot"
		if aurora {
			kind, family = "cluster-snapshot", "DBClusterSnapshot"
		}
		own := ":" + kind + ":before-dozen-prod-????????????-????????????"
		var statements []any
		must(json.Unmarshal([]byte(policiesOf(e.services, ref(e.services.one(t, "AWS::Lambda::Function", "/Release/").get("Role")))), &statements))
		found := map[string]string{}
		for _, statement := range statements {
			for _, action := range list(dig(statement, "Action")) {
				if name := action.(string); strings.HasPrefix(name, "rds:") {
					found[name] = plain(dig(statement, "Resource"))
				}
			}
		}
		want(t, "actions", slices.Sorted(maps.Keys(found)),
			[]string{"rds:AddTagsToResource", "rds:Create" + family, "rds:Delete" + family, "rds:Describe" + family + "s"})
		for _, action := range []string{"rds:AddTagsToResource", "rds:Create" + family, "rds:Delete" + family} {
			if !strings.Contains(found[action], own) || strings.Contains(found[action], "*") {
				t.Errorf("%s is allowed on %s, want only %s", action, found[action], own)
			}
		}
	}
}
