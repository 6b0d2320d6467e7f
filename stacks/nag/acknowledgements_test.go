package nag

import (
	"strings"
	"testing"
)

// The more findings are accepted, the less the rest means.
func TestAcknowledgementsAreFewAndReasoned(t *testing.T) {
	if len(acknowledgements) > 12 {
		t.Errorf("%d acknowledgements, want at most 12", len(acknowledgements))
	}
	for _, a := range acknowledgements {
		if len(a.rules) == 0 || len(strings.Fields(a.reason)) < 10 {
			t.Errorf("%v has the reason %q: say why it is right here", a.rules, a.reason)
		}
		for _, rule := range a.rules {
			if rule == "AwsSolutions-IAM5" && a.applies == "" {
				t.Errorf("%s is acknowledged for every subject", rule)
			}
		}
	}
}
