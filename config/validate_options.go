package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

var (
	variableForm  = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,99}$`)
	parameterForm = regexp.MustCompile(`^/([A-Za-z0-9_.-]+/)+$`)
)

// maxSettings is how many bytes the names and values of all Settings may have: half of a task definition's 64 KiB, see
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html.
const maxSettings = 32 << 10

// variableRemedy says what the name of a variable may consist of.
const variableRemedy = "use A-Z, 0-9 and _, starting with a letter"

func (e Environment) validateVariables(p *problems) {
	reserved := ReservedVariables()
	size := 0
	for _, name := range slices.Sorted(maps.Keys(e.Settings)) {
		field := fmt.Sprintf("Settings[%q]", name)
		size += len(name) + len(e.Settings[name])
		p.requireLiteral(field, e.Settings[name])
		p.require(variableForm.MatchString(name), field, name, "not the name of an environment variable", variableRemedy)
		p.require(!slices.Contains(reserved, name),
			field, "...", "Dozen sets this variable itself", "choose another name, or change the field it follows from")
		p.require(!slices.Contains(platformVariables, name),
			field, "...", "ECS or AWS's SDKs set or read this variable, and another value cuts the task off from AWS",
			"remove it; tasks have a role of their own, and Region is the environment's")
		p.require(slices.Contains(platformVariables, name) || !looksSecret(name, e.Settings[name]),
			field, "...", "its name or value looks like a secret, and everyone who sees the template can read settings",
			"store it in Secrets Manager and name it in Secrets; if it is none, choose another name")
	}
	p.require(size <= maxSettings, "Settings", fmt.Sprintf("%d bytes long", size),
		fmt.Sprintf("ECS accepts 64 KiB for a whole task definition, and Settings may take %d bytes of them", maxSettings),
		"keep large values in Parameter Store or in the app")
	e.validateSecrets(p)
	e.validateAliases(p)
	p.require(e.ParametersPath == "" || parameterForm.MatchString(e.ParametersPath),
		"ParametersPath", e.ParametersPath, "not a Parameter Store path", "write one such as /dozen/dev/, with a slash at both ends")
}

func (e Environment) validateOptions(p *problems) {
	p.requireRange("Options.MonthlyBudgetUSD", e.Options.MonthlyBudgetUSD, 0, 1_000_000)
	p.require(e.Options.MonthlyBudgetUSD <= 0 || e.Alarms.Email != "",
		"Options.MonthlyBudgetUSD", e.Options.MonthlyBudgetUSD, "Alarms.Email is empty, and nobody would be told",
		"set Alarms.Email or DOZEN_ALARM_EMAIL, or write 0")
	for _, name := range slices.Sorted(maps.Keys(e.ScheduledTasks)) {
		e.ScheduledTasks[name].validate(p, name)
	}
}

func (t ScheduledTask) validate(p *problems, name string) {
	field := fmt.Sprintf("ScheduledTasks[%q]", name)
	p.require(processName.MatchString(name), field, name, "not a name", "use 1 to 30 of a-z, 0-9 and -, starting with a letter")
	if err := checkSchedule(t.Schedule); err != nil {
		p.require(false, field+".Schedule", t.Schedule, err.Error(),
			"write one such as cron(30 2 * * ? *) for every night at 02:30 UTC, or rate(15 minutes)")
	}
	p.require(len(t.Command) > 0 && !slices.Contains(t.Command, ""),
		field+".Command", t.Command, "a command is a program and its arguments, none of them empty",
		"write each word as a string of its own")
	for _, word := range t.Command {
		p.requireLiteral(field+".Command", word)
	}
	length := len(t.RunTaskOverrides())
	p.require(length <= maxRunTaskOverrides,
		field+".Command", fmt.Sprintf("%d characters long", length), fmt.Sprintf("ECS accepts %d characters", maxRunTaskOverrides),
		"move it into the app")
}
