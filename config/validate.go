package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Load reads the app, whose files are those of its directory, and the environments, and checks them against each other. Its error
// lists all problems at once. Dozen is the absolute path of Dozen's own directory, without symbolic links; compiled is the directory
// of what is compiled to run with the app.
func Load(files fs.FS, build Build, dozen, compiled string, environ []string) ([]Environment, App, error) {
	app := App{Build: build, Exclude: NotInImage}.except(dozen)
	appErr := build.problems()
	if appErr == nil {
		app, appErr = app.read(files, compiled)
	}
	if appErr != nil {
		app.Processes = nil // what is not known is not checked: it would only add problems that do not exist
	}
	environments, err := Environments(environ)
	return environments, app, errors.Join(appErr, err, Validate(environments, app))
}

// Validate checks every environment against the app, and all of them against each other. A problem that several environments
// share, because they take the value from the same place, is reported once.
func Validate(environments []Environment, app App) error {
	var order []string
	names := map[string][]string{} // of the environments by problem
	var twice []error
	seen := map[string]bool{}
	for _, e := range environments {
		for _, found := range e.problems(app.Processes) {
			text := found.placed(e)
			if names[text] == nil {
				order = append(order, text)
			}
			names[text] = append(names[text], e.Name)
		}
		if seen[e.Name] {
			twice = append(twice, fmt.Errorf("environment %q exists twice; rename one", e.Name))
		}
		seen[e.Name] = true
	}
	var problems []error
	for _, text := range order {
		problems = append(problems, inEnvironments(names[text], text))
	}
	return errors.Join(append(problems, twice...)...)
}

func inEnvironments(names []string, text string) error {
	if len(names) == 1 {
		return fmt.Errorf("environment %q: %s", names[0], text)
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return fmt.Errorf("environments %s: %s", listed(quoted), text)
}

// Validate reports everything that is wrong with an environment at once, as one joined error. Each of its lines names the
// field, its value, the limit and what to write instead. The processes are the app's, nil if they are not known.
func (e Environment) Validate(processes []Process) error {
	var all []error
	for _, found := range e.problems(processes) {
		all = append(all, inEnvironments([]string{e.Name}, found.text))
	}
	return errors.Join(all...)
}

func (e Environment) problems(processes []Process) []problem {
	p := problems{overridden: e.overridden}
	e.validateIdentity(&p)
	e.validateConnect(&p)
	e.validateExisting(&p)
	e.Network.validate(&p)
	e.Database.validate(&p, e.Network)
	e.Database.validateKey(&p, e.Region)
	e.Cache.validate(&p)
	e.Storage.validate(&p)
	e.validateDomain(&p)
	e.Alarms.validate(&p)
	e.Web.validate(&p, e.Removable)
	for _, name := range slices.Sorted(maps.Keys(e.Workers)) {
		e.Workers[name].validate(&p, fmt.Sprintf("Workers[%q]", name), e)
	}
	e.validateWorkerNames(&p, processes)
	e.Scheduler.validate(&p, "Scheduler")
	e.Migration.validate(&p)
	e.validateVariables(&p)
	e.validateOptions(&p)
	e.validateConfirm(&p)
	if len(p.found) == 0 {
		e.validateConnections(&p, processes)
	}
	return p.found
}

// Warnings returns what is allowed and still nobody should overlook.
func Warnings(environments []Environment) []string {
	var open, warnings []string
	for _, e := range environments {
		if e.Domain == (Domain{}) {
			open = append(open, e.Name)
		}
		warnings = append(warnings, e.Unprotected()...)
	}
	if len(open) > 0 {
		warnings = append(warnings, "Without a domain, passwords and cookies cross the internet unencrypted: "+listed(open)+
			". Set Domain, or DOZEN_DOMAIN and the hosted zone, for HTTPS.")
	}
	return warnings
}

// problems collects what is wrong, in the order of the fields.
type problems struct {
	overridden map[string]string // fields that a variable has set, and which one
	found      []problem
}

// problem is one of them: its text says all but the environment.
type problem struct{ field, text string }

// require records a problem unless ok: the field, its value, the limit that it breaks, and what to do.
func (p *problems) require(ok bool, field string, value any, limit, remedy string) {
	if ok {
		return
	}
	if s, isString := value.(string); isString {
		value = fmt.Sprintf("%.200q", s)
	}
	p.found = append(p.found,
		problem{field, fmt.Sprintf("%s is %v%s: %s; %s", field, value, p.source(field), limit, remedy)})
}

// source names the variable that has set a field, for a message; empty if none has.
func (p *problems) source(field string) string {
	if variable := p.overridden[field]; variable != "" {
		return " (from " + variable + ")"
	}
	return ""
}

func (p *problems) requireRange(field string, value, low, high int) {
	p.require(value >= low && value <= high, field, value,
		fmt.Sprintf("allowed are %d to %d", low, high), fmt.Sprintf("write %d", min(max(value, low), high)))
}

func (p *problems) requireDuration(field string, value, low, high time.Duration) {
	if p.requireUnit(field, value) {
		return
	}
	p.require(value >= low && value <= high, field, value,
		fmt.Sprintf("allowed are %s to %s", low, high), "write "+inGo(min(max(value, low), high).Round(time.Second)))
	p.require(value%time.Second == 0 || value < low || value > high,
		field, value, "AWS counts whole seconds", "write "+inGo(value.Round(time.Second)))
}

// requireUnit requires a duration that was written with its unit, and reports whether it was not: 5 is five nanoseconds.
func (p *problems) requireUnit(field string, value time.Duration) (missing bool) {
	missing = value > 0 && value < time.Microsecond
	p.require(!missing, field, value, "a number without a unit counts nanoseconds", "write "+inGo(value*time.Second))
	return missing
}

// inGo returns a duration of whole seconds as one writes it in environments.go.
func inGo(d time.Duration) string {
	unit, name := time.Second, "time.Second"
	if d > 0 && d%time.Minute == 0 {
		unit, name = time.Minute, "time.Minute"
	}
	return fmt.Sprintf("%d * %s", d/unit, name)
}

var (
	nameForm    = regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9]){1,19}$`)
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

// logLevels are the levels that every logging library knows.
var logLevels = []string{"debug", "info", "warn", "error"}

// LogRetentions are the periods, in days, for which CloudWatch Logs can keep events.
var LogRetentions = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

func (e Environment) validateIdentity(p *problems) {
	const nameLimit = "2 to 20 of a-z, 0-9 and single hyphens, starting with a letter"
	p.require(nameForm.MatchString(e.Application) && len(e.Application) <= 20,
		"Application", e.Application, nameLimit, "write a name such as dozen")
	p.require(nameForm.MatchString(e.Name) && len(e.Name) <= 20,
		"Name", e.Name, nameLimit, "write a name such as dev or pr-123")
	p.require(len(e.Application)+len(e.Name) <= 39,
		"Application and Name", e.Application+"-"+e.Name, "ElastiCache allows 40 characters for the id of its user", "shorten one of them")
	p.require(e.Account == "" || accountForm.MatchString(e.Account),
		"Account", e.Account, "an AWS account has 12 digits",
		"write it without hyphens, or leave it empty for the account of the credentials")
	p.require(e.Region == "" || regionForm.MatchString(e.Region),
		"Region", e.Region, "not an AWS region",
		"write one such as eu-central-1, or leave it empty for the region of the credentials")
	p.require(slices.Contains(LogRetentions, e.LogDays),
		"LogDays", e.LogDays, fmt.Sprintf("CloudWatch Logs keeps events for %s days", listed(LogRetentions)),
		fmt.Sprintf("write %d", atLeast(LogRetentions, e.LogDays)))
	p.require(slices.Contains(logLevels, e.LogLevel), "LogLevel", e.LogLevel, "allowed are "+listed(logLevels), "write info")
	p.require(!e.Removable || !e.DeletionProtection,
		"DeletionProtection", e.DeletionProtection, "Removable is true, and `cdk destroy` would stop half-way",
		"set one of the two to false")
}

func (a Alarms) validate(p *problems) {
	address, err := mail.ParseAddress(a.Email)
	p.require(a.Email == "" || err == nil && address.Address == a.Email,
		"Alarms.Email", a.Email, "not an e-mail address", "write one such as ops@example.com, or leave it empty")
	p.requireRange("Alarms.ErrorPercent", a.ErrorPercent, 1, 99)
	if !p.requireUnit("Alarms.LatencyP99", a.LatencyP99) {
		p.require(a.LatencyP99 >= time.Millisecond && a.LatencyP99 <= time.Minute,
			"Alarms.LatencyP99", a.LatencyP99, "allowed are 1ms to 1m", "write time.Second")
	}
	p.requireDuration("Alarms.BacklogAge", a.BacklogAge, time.Minute, 24*time.Hour)
}

// listed formats values as a, b, c.
func listed[T any](values []T) string {
	words := make([]string, len(values))
	for i, value := range values {
		words[i] = fmt.Sprint(value)
	}
	return strings.Join(words, ", ")
}

// atLeast returns the first of the ascending choices that is not below value, or the last one.
func atLeast(choices []int, value int) int {
	for _, choice := range choices {
		if choice >= value {
			return choice
		}
	}
	return choices[len(choices)-1]
}
