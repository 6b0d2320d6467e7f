package nag

import (
	"strings"
	"testing"
)

// The more findings are accepted, the less the rest means. That a field switches a protection off is one reason.
func TestAcknowledgementsAreFewAndReasoned(t *testing.T) {
	reasons := map[string]bool{}
	for _, a := range acknowledgements {
		reason := a.reason
		if field, off := strings.CutSuffix(reason, offReason); off && field != "" {
			reason = offReason
		}
		reasons[reason] = true
		if len(a.rules) == 0 || len(strings.Fields(reason)) < 10 {
			t.Errorf("%v has the reason %q: say why it is right here", a.rules, a.reason)
		}
		for _, rule := range a.rules {
			if rule == "AwsSolutions-IAM5" && a.applies == "" {
				t.Errorf("%s is acknowledged for every subject", rule)
			}
		}
	}
	if len(reasons) > 13 {
		t.Errorf("%d reasons, want at most 13", len(reasons))
	}
}
