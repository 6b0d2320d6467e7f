package config

import (
	"strings"
	"testing"
)

// Each mistake is found under the name of its field, with the value and a word on what to write instead.
func TestMistakesInOptions(t *testing.T) {
	tasks := func(name, schedule string, command ...string) map[string]ScheduledTask {
		return map[string]ScheduledTask{name: {Schedule: schedule, Command: command}}
	}
	setting := func(value string) func(*Environment) {
		return func(e *Environment) { e.Settings = map[string]string{"X": value} }
	}
	for says, mistake := range map[string]func(*Environment){
		`Options.MonthlyBudgetUSD is -1: allowed are 0 to 1000000; write 0`:      func(e *Environment) { e.Options.MonthlyBudgetUSD = -1 },
		`Options.MonthlyBudgetUSD is 2000000: allowed are 0 to 1000000`:          func(e *Environment) { e.Options.MonthlyBudgetUSD, e.Alarms.Email = 2_000_000, "ops@example.com" },
		`Options.MonthlyBudgetUSD is 50: Alarms.Email is empty`:                  func(e *Environment) { e.Options.MonthlyBudgetUSD = 50 },
		`ScheduledTasks["Nightly"] is "Nightly": not a name; use 1 to 30 of a-z`: func(e *Environment) { e.ScheduledTasks = tasks("Nightly", "rate(1 day)", "app", "backup") },
		`ScheduledTasks["x"].Schedule is "@daily": neither cron(`:                func(e *Environment) { e.ScheduledTasks = tasks("x", "@daily", "app", "backup") },
		`ScheduledTasks["x"].Schedule is "rate(1 days)": the unit is singular`:   func(e *Environment) { e.ScheduledTasks = tasks("x", "rate(1 days)", "app", "backup") },
		`ScheduledTasks["x"].Command is []: a command is a program`:              func(e *Environment) { e.ScheduledTasks = tasks("x", "rate(1 day)") },
		`ScheduledTasks["x"].Command is [app ]: a command is a program`:          func(e *Environment) { e.ScheduledTasks = tasks("x", "rate(1 day)", "app", "") },
		`characters long": ECS accepts 8192 characters; move it into the app`:    func(e *Environment) { e.ScheduledTasks = tasks("x", "rate(1 day)", strings.Repeat("a", 8192)) },
		`Settings["QUEUE_URL"] is "...": Dozen sets this variable itself`:        func(e *Environment) { e.Settings = map[string]string{"QUEUE_URL": "x"} },
		`sizes micro, small, medium, large, xlarge, 2xlarge (t4g) or large`:      func(e *Environment) { e.Database.Class = "t3.micro" },
		`Settings["X"] is "${Token[TOKEN.1]}": it contains what the CDK takes`:   setting("${Token[TOKEN.1]}"),
		`Settings["X"] is "-1.8881545897087626e+289": it contains what the CDK`:  setting("-1.8881545897087626e+289"),
		`Settings["X"] is "#{Token[TOKEN.1]}": it contains what the CDK takes`:   setting("#{Token[TOKEN.1]}"),
		`Settings["X"] is "a\x00": it contains a control character`:              setting("a\x00"),
		`Settings["X"] is "\xff": not UTF-8; leave that out`:                     setting("\xff"),
		`Settings is "32769 bytes long": ECS accepts 64 KiB`:                     setting(strings.Repeat("x", 32768)),
		`ScheduledTasks["x"].Command is "${Token[A.1]}": it contains what the`:   func(e *Environment) { e.ScheduledTasks = tasks("x", "rate(1 day)", "${Token[A.1]}") },
		`Web.HealthPath is "/ü": not a path of at most 1024 visible ASCII`:       func(e *Environment) { e.Web.HealthPath = "/ü" },
		`Web.HealthPath is "/${Token[A.1]}": not a path`:                         func(e *Environment) { e.Web.HealthPath = "/${Token[A.1]}" },
		`the number of database connections during a release is 70: it counts PoolSize x Max x 2 for web and workers, ` +
			`and PoolSize for scheduler, migration and each scheduled task: web 4 x 2 x 2 = 16, worker 4 x 2 x 2 = 16, scheduler 3, release 3, ` +
			`scheduled tasks 4 x 8 = 32; `: func(e *Environment) { e.ScheduledTasks = many(8) },
	} {
		e := Development()
		mistake(&e)
		err := e.Validate(processes)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, have: %v", says, err)
		}
		if err != nil && strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("one mistake, several messages: %v", err)
		}
	}
}

// many makes so many scheduled tasks, all valid.
func many(n int) map[string]ScheduledTask {
	tasks := map[string]ScheduledTask{}
	for i := range n {
		tasks["task-"+string(rune('a'+i))] = ScheduledTask{Schedule: "rate(1 day)", Command: []string{"app", "backup"}}
	}
	return tasks
}

// A pull request's environment must not send the weekly report to the customers again, nor pay for its base's options.
func TestEphemeralHasNoOptions(t *testing.T) {
	base := Production()
	base.ScheduledTasks, base.Options = many(2), Options{Queue: true, AuditTrail: true, MonthlyBudgetUSD: 100}
	e := Ephemeral("pr-7", base)
	if len(e.ScheduledTasks) != 0 || e.Options != (Options{}) {
		t.Errorf("inherits %v and %+v", e.ScheduledTasks, e.Options)
	}
	if len(base.ScheduledTasks) != 2 {
		t.Error("making it changed the base")
	}
}
