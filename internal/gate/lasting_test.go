package gate

import (
	"strings"
	"testing"
	"time"
)

// setting is a lasting setting as CloudFormation sends it.
func setting(name, value, rule, consequence string) map[string]any {
	return map[string]any{PropertyName: name, PropertyValue: value, rule: consequence}
}

func lastingProperties(snapshot string, confirm []any, settings ...any) map[string]any {
	return map[string]any{PropertyLasting: settings, PropertyRestoredFrom: snapshot, PropertyConfirm: confirm}
}

var (
	cidr   = func(value string) map[string]any { return setting("Network.CIDR", value, RuleNever, "it cannot move") }
	aurora = func(value string) map[string]any {
		return setting("Database.Aurora", value, RuleRestore, "it is EMPTY")
	}
	backup = func(value string) map[string]any {
		return setting("Database.BackupDays", value, RuleShrink, "they are deleted")
	}
	storage = func(value string) map[string]any {
		return setting("Database.StorageGiB", value, RuleGrow, "it only grows")
	}
	keys = func(value string) map[string]any {
		return setting("Secrets that are Generated", value, RuleLose, "it is lost")
	}
	queue = func(value string) map[string]any {
		if value == "true" {
			return map[string]any{PropertyName: "Options.Queue", PropertyValue: value}
		}
		return setting("Options.Queue", value, RuleConfirm, "it is deleted")
	}
)

// Prevents: a change that loses data or cuts off tasks, and that nobody has meant.
func TestChangesOfLastingSettings(t *testing.T) {
	for _, c := range []struct {
		what        string
		before, now map[string]any
		refused     []string // parts of the reason; none: it is allowed
	}{
		{"nothing", lastingProperties("", nil, cidr("a"), aurora("false")), lastingProperties("", nil, cidr("a"), aurora("false")), nil},
		{"never", lastingProperties("", nil, cidr("a")), lastingProperties("", []any{"Network.CIDR=b"}, cidr("b")),
			[]string{`Network.CIDR is "a" in the deployed environment and "b" now: it cannot move`}},
		{"unconfirmed", lastingProperties("", nil, queue("true")), lastingProperties("", nil, queue("false")),
			[]string{`add "Options.Queue=false" to the environment's Confirm`}},
		{"confirmed", lastingProperties("", nil, queue("true")), lastingProperties("", []any{"Options.Queue=false"}, queue("false")), nil},
		{"free in the other direction", lastingProperties("", nil, queue("false")), lastingProperties("", nil, queue("true")), nil},
		{"another value is confirmed", lastingProperties("", nil, aurora("true")),
			lastingProperties("", []any{"Database.Aurora=true"}, aurora("false")), []string{"it is EMPTY"}},
		{"restored in the same deployment", lastingProperties("", nil, aurora("false")), lastingProperties("s", nil, aurora("true")), nil},
		{"restored before", lastingProperties("s", nil, aurora("false")), lastingProperties("s", nil, aurora("true")), []string{"it is EMPTY"}},
		{"restored from another snapshot", lastingProperties("s", nil, aurora("false")), lastingProperties("t", nil, aurora("true")), []string{"it is EMPTY"}},
		{"fewer days", lastingProperties("", nil, backup("14")), lastingProperties("", nil, backup("7")), []string{"they are deleted"}},
		{"more days", lastingProperties("", nil, backup("7")), lastingProperties("", nil, backup("14")), nil},
		{"no longer restored", lastingProperties("s", nil, aurora("false")), lastingProperties("", nil, aurora("true")), []string{"it is EMPTY"}},
		{"a restore does not confirm the rest", lastingProperties("", nil, queue("true")), lastingProperties("s", nil, queue("false")),
			[]string{"it is deleted"}},
		{"grows", lastingProperties("", nil, storage("20")), lastingProperties("", nil, storage("22")), nil},
		{"grows too little", lastingProperties("", nil, storage("20")), lastingProperties("", nil, storage("21")), []string{"it only grows"}},
		{"shrinks", lastingProperties("", nil, storage("100")), lastingProperties("", nil, storage("99")), []string{"it only grows"}},
		{"shrinks with a restore", lastingProperties("", nil, storage("100")), lastingProperties("s", nil, storage("99")), nil},
		{"an item less", lastingProperties("", nil, keys("A,B")), lastingProperties("", nil, keys("B")), []string{"it is lost"}},
		{"another item", lastingProperties("", nil, keys("A")), lastingProperties("", nil, keys("B")), []string{"it is lost"}},
		{"the last item", lastingProperties("", nil, keys("A")), lastingProperties("", nil, keys("")), []string{"it is lost"}},
		{"an item more", lastingProperties("", nil, keys("B")), lastingProperties("", nil, keys("A,B")), nil},
		{"the first item", lastingProperties("", nil, keys("")), lastingProperties("", nil, keys("A")), nil},
		{"all at once", lastingProperties("", nil, cidr("a"), queue("true")), lastingProperties("", nil, cidr("b"), queue("false")),
			[]string{"it cannot move", "it is deleted"}},
		{"a new setting of Dozen's", lastingProperties("", nil), lastingProperties("", nil, cidr("b")), nil},
		{"before Dozen had them", map[string]any{}, lastingProperties("", nil, cidr("b")), nil},
		{"malformed", map[string]any{PropertyLasting: "x"}, map[string]any{PropertyLasting: []any{7}, PropertyConfirm: 3}, nil},
	} {
		reason := RefusedChange(c.before, c.now)
		if (reason == "") != (c.refused == nil) {
			t.Errorf("%s: refused %q, want %q", c.what, reason, c.refused)
		}
		for _, part := range c.refused {
			if !strings.Contains(reason, part) {
				t.Errorf("%s: no %q in %q", c.what, part, reason)
			}
		}
	}
}

// The way back is never refused, whatever the status says about it; and what is refused says so without a migration's words.
func TestLastingSettingsAndTheStack(t *testing.T) {
	change := Event{
		RequestType: Update, ResourceType: LastingType, RequestId: "r", StackId: "s", ResponseURL: "https://answer.example",
		OldResourceProperties: lastingProperties("", nil, cidr("a")), ResourceProperties: lastingProperties("", nil, cidr("b")),
	}
	for status, success := range map[string]bool{
		"UPDATE_IN_PROGRESS": false, "UPDATE_ROLLBACK_IN_PROGRESS": true, "": false, "UPDATE_COMPLETE": false,
	} {
		s := New(change, time.Unix(0, 0))
		now := time.Unix(1, 0)
		for range askTries + 1 {
			if s.Phase == asking {
				result := Result{Status: status}
				if status == "" {
					result = Result{Fault: &Fault{Message: "throttled"}}
				}
				now = now.Add(10 * time.Second)
				s.afterAsking(result, now)
			}
		}
		answer := s.answer()
		if s.Phase != answering || (answer.Status == "SUCCESS") != success {
			t.Errorf("%q: %s, %s", status, s.Phase, answer.Status)
		}
		if !success && (!strings.HasPrefix(answer.Reason, "The change was refused") || strings.Contains(answer.Reason, "migration")) {
			t.Errorf("%q: %s", status, answer.Reason)
		}
	}
	for _, kind := range []string{Create, Delete} {
		event := change
		event.RequestType = kind
		if s := New(event, time.Unix(0, 0)); s.Phase != answering || !s.Verdict.Success {
			t.Errorf("%s: %+v", kind, s.Verdict)
		}
	}
}
