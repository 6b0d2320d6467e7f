package stacks

import (
	"fmt"
	"maps"
	"slices"
)

// longestOverrides is what ECS accepts as a task's overrides, in characters.
const longestOverrides = 8192

func (e Environment) validateOptions(p *problems) {
	p.within("Options.MonthlyBudgetUSD", e.Options.MonthlyBudgetUSD, 0, 1_000_000)
	p.unless(e.Options.MonthlyBudgetUSD <= 0 || e.Alarms.Email != "", "Options.MonthlyBudgetUSD", e.Options.MonthlyBudgetUSD,
		"Alarms.Email is empty, and nobody would be told", "set Alarms.Email or DOZEN_ALARM_EMAIL, or write 0")
	for _, name := range slices.Sorted(maps.Keys(e.ScheduledTasks)) {
		e.ScheduledTasks[name].validate(p, name)
	}
}

func (t ScheduledTask) validate(p *problems, name string) {
	field := fmt.Sprintf("ScheduledTasks[%q]", name)
	p.unless(processName.MatchString(name), field, name, "not a name", "use 1 to 30 of a-z, 0-9 and -, beginning with a letter")
	if err := checkSchedule(t.Schedule); err != nil {
		p.unless(false, field+".Schedule", t.Schedule, err.Error(), "write one such as cron(30 2 * * ? *) for every night at 02:30 UTC, or rate(15 minutes)")
	}
	p.unless(len(t.Command) > 0 && !slices.Contains(t.Command, ""), field+".Command", t.Command, "a command is a program and its arguments, none of them empty", "write its words one by one")
	p.unless(len(t.overrides()) <= longestOverrides, field+".Command", fmt.Sprintf("%d characters long", len(t.overrides())), fmt.Sprintf("ECS takes %d characters", longestOverrides), "move it into the app")
}
