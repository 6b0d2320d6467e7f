package stacks

import (
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

// checkSchedule says what is wrong with a rate or cron expression as EventBridge Scheduler reads them. CloudFormation would
// say so only at deployment, after the image has been built and the migration has run.
func checkSchedule(expression string) error {
	if parts := rateForm.FindStringSubmatch(expression); parts != nil {
		if (parts[1] == "1") == (parts[3] == "s") {
			return errors.New("the unit is singular after 1 and plural after any other number")
		}
		return nil
	}
	parts := cronForm.FindStringSubmatch(expression)
	if parts == nil {
		return errors.New("neither cron(minutes hours day-of-month month day-of-week year) nor rate(value unit) with minutes, hours or days")
	}
	fields := strings.Fields(parts[1])
	if len(fields) != len(cronFields) {
		return fmt.Errorf("cron has %d fields here, and AWS's has 6: minutes hours day-of-month month day-of-week year", len(fields))
	}
	for i, field := range cronFields {
		if !field.accepts(fields[i]) {
			return fmt.Errorf("%s is %q, and it takes %s", field.name, fields[i], field.takes())
		}
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return errors.New("one of day-of-month and day-of-week is ?, and only one")
	}
	return nil
}

// cronField is one of the six fields of a cron expression: its range, the names that stand for numbers, and the forms that
// only this field has, one item and not in a list.
type cronField struct {
	name        string
	least, most int
	names       []string
	special     *regexp.Regexp
	stepless    bool // the only field without /
}

var cronFields = []cronField{
	{name: "minutes", least: 0, most: 59},
	{name: "hours", least: 0, most: 23},
	{name: "day-of-month", least: 1, most: 31, special: regexp.MustCompile(`^(\?|L|LW|([1-9]|[12][0-9]|3[01])W)$`)},
	{name: "month", least: 1, most: 12, names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{name: "day-of-week", least: 1, most: 7, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, special: regexp.MustCompile(`^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$`), stepless: true},
	{name: "year", least: 1970, most: 2199},
}

// accepts tells whether a field's text is right: its special forms, or a list of *, values and ranges, each with an
// optional step.
func (f cronField) accepts(text string) bool {
	if f.special != nil && f.special.MatchString(text) {
		return true
	}
	for item := range strings.SplitSeq(text, ",") {
		base, step, stepped := strings.Cut(item, "/")
		if n, ok := decimal(step); stepped && (f.stepless || !ok || n < 1 || n > f.most) {
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
func (f cronField) value(text string) (int, bool) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.least + i, true
	}
	n, ok := decimal(text)
	return n, ok && n >= f.least && n <= f.most
}

// decimal reads digits only: no sign, no space.
func decimal(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && !strings.ContainsAny(text, "+-")
}

func (f cronField) takes() string {
	forms := fmt.Sprintf("%d to %d with , - and *", f.least, f.most)
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
