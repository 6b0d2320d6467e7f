package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	rateForm = regexp.MustCompile(`^rate\(([1-9][0-9]{0,8}) (minute|hour|day)(s?)\)$`)
	cronForm = regexp.MustCompile(`^cron\((.*)\)$`)
)

// checkSchedule checks a rate or cron expression as EventBridge Scheduler does. CloudFormation would report the problem only
// in the deployment, after the image has been built and the migration has run.
func checkSchedule(expression string) error {
	if parts := rateForm.FindStringSubmatch(expression); parts != nil {
		if (parts[1] == "1") == (parts[3] == "s") {
			return errors.New("the unit is singular after 1 and plural after any other number")
		}
		return nil
	}
	parts := cronForm.FindStringSubmatch(expression)
	if parts == nil {
		return errors.New("neither cron(minutes hours day-of-month month day-of-week year) " +
			"nor rate(value unit) with minutes, hours or days")
	}
	fields := strings.Fields(parts[1])
	if len(fields) != len(cronFields) {
		return fmt.Errorf("it has %d fields, and AWS's cron has 6: minutes hours day-of-month month day-of-week year", len(fields))
	}
	for i, field := range cronFields {
		if !field.accepts(fields[i]) {
			return fmt.Errorf("%s is %q; allowed are %s", field.name, fields[i], field.allowed())
		}
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return errors.New("exactly one of day-of-month and day-of-week must be ?")
	}
	return nil
}

// cronField is one of the six fields of a cron expression: its range, the names that stand for numbers, and the special forms
// that only this field has. A special form cannot be part of a list.
type cronField struct {
	name     string
	min, max int
	names    []string
	special  *regexp.Regexp
	stepless bool // the only field without /
}

var cronFields = []cronField{
	{name: "minutes", min: 0, max: 59},
	{name: "hours", min: 0, max: 23},
	{name: "day-of-month", min: 1, max: 31,
		special: regexp.MustCompile(`^(\?|L|LW|([1-9]|[12][0-9]|3[01])W)$`)},
	{name: "month", min: 1, max: 12, names: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")},
	{name: "day-of-week", min: 1, max: 7, names: strings.Fields("SUN MON TUE WED THU FRI SAT"), stepless: true,
		special: regexp.MustCompile(`^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$`)},
	{name: "year", min: 1970, max: 2199},
}

// accepts reports whether a field is valid: a special form, or a list of *, values and ranges, each with an optional step.
func (f cronField) accepts(expression string) bool {
	if f.special != nil && f.special.MatchString(expression) {
		return true
	}
	for item := range strings.SplitSeq(expression, ",") {
		base, step, stepped := strings.Cut(item, "/")
		if n, ok := decimal(step); stepped && (f.stepless || !ok || n < 1 || n > f.max) {
			return false
		}
		from, to, ranged := strings.Cut(base, "-")
		first, ok := f.value(from)
		if base != "*" && !ok {
			return false
		}
		if last, ok := f.value(to); ranged && (!ok || last < first) {
			return false
		}
	}
	return true
}

// value reads a number in the field's range, or one of its names.
func (f cronField) value(word string) (int, bool) {
	if i := slices.Index(f.names, word); i >= 0 {
		return f.min + i, true
	}
	n, ok := decimal(word)
	return n, ok && n >= f.min && n <= f.max
}

// decimal reads digits only: no sign, no space.
func decimal(word string) (int, bool) {
	n, err := strconv.Atoi(word)
	return n, err == nil && !strings.ContainsAny(word, "+-")
}

// allowed describes what the field accepts, for an error message.
func (f cronField) allowed() string {
	forms := fmt.Sprintf("%d to %d with , - and *", f.min, f.max)
	if !f.stepless {
		forms += " and /"
	}
	if f.names != nil {
		forms += fmt.Sprintf(", %s to %s", f.names[0], f.names[len(f.names)-1])
	}
	switch f.name {
	case "day-of-month":
		forms += ", ?, L, LW or a day with W"
	case "day-of-week":
		forms += ", ?, L, a day with L or with # and 1 to 5"
	}
	return forms
}

// maxRunTaskOverrides is how many characters ECS accepts as a task's overrides.
const maxRunTaskOverrides = 8192

// RunTaskOverrides puts the command into the app's container, in the form that ecs:RunTask takes.
func (t ScheduledTask) RunTaskOverrides() string {
	type container struct {
		Name    string   `json:"name"`
		Command []string `json:"command"`
	}
	data, err := json.Marshal(map[string][]container{"containerOverrides": {{ContainerName, t.Command}}})
	if err != nil {
		panic(err) // strings only: cannot happen
	}
	return string(data)
}
