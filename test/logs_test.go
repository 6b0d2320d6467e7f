package test

import (
	"fmt"
	"slices"
	"testing"

	"dozen/config"
)

// Prevents: PostgreSQL's log, with the text of slow statements, that is kept and paid for forever without anybody knowing. No template
// can make its group before RDS does, so every deployment prints the command that gives it the environment's retention.
func TestLogsOfTheDatabaseAreToldOf(t *testing.T) {
	aurora := with(t, config.Development(), func(e *config.Environment) { e.Database.Aurora = true })
	for _, e := range []environment{dev(), prod(), aurora} {
		kind, server := "instance", e.data.ofType("AWS::RDS::DBInstance")[0]
		if e.settings.Database.Aurora {
			kind, server = "cluster", e.data.one(t, "AWS::RDS::DBCluster", "")
		}
		if !slices.Contains(list(server.get("EnableCloudwatchLogsExports")), any("postgresql")) {
			t.Errorf("%s does not export its log", server.ID)
		}
		want(t, "command", e.data.output("DatabaseLogCommand"), map[string]any{"Fn::Join": []any{"", []any{
			"aws logs put-retention-policy --log-group-name /aws/rds/" + kind + "/", map[string]string{"Ref": server.ID},
			fmt.Sprintf("/postgresql --retention-in-days %d", e.settings.LogDays),
		}}})
	}
}

// Prevents: logs of functions that nobody counts, kept forever: Lambda makes a group for each function without one, and the
// construct library adds functions of its own.
func TestEveryFunctionHasALogGroup(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		for _, tpl := range e.templates() {
			for _, function := range tpl.all(t, "AWS::Lambda::Function") {
				group := tpl.resource(ref(function.get("LoggingConfig", "LogGroup")))
				want(t, function.ID+"'s logs in days", group.get("RetentionInDays"), e.settings.LogDays)
				want(t, function.ID+"'s logs go with the environment", group.DeletionPolicy == "Delete", e.settings.Removable)
			}
		}
	})
}
