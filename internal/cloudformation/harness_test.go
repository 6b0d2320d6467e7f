package cloudformation

import (
	"fmt"
	"strings"
	"testing"

	"dozen/internal/assembly"
)

// environment makes an environment of hand-written templates: stack name and resources, in the order of deployment. A name that
// begins with ! is protected from termination. After a | come outputs.
func environment(t *testing.T, stacks ...string) *Environment {
	t.Helper()
	e := &Environment{}
	for i := 0; i < len(stacks); i += 2 {
		name, protected := strings.CutPrefix(stacks[i], "!")
		resources, outputs, _ := strings.Cut(stacks[i+1], "|")
		parsed, err := assembly.ParseTemplate([]byte(fmt.Sprintf(`{"Parameters": {"AMI": {"Type": "AWS::SSM::Parameter::Value<String>",
			"Default": "/aws/newest"}}, "Resources": {%s}, "Outputs": {%s}}`, resources, outputs)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		parsed.Name = name
		compiled, err := compile(parsed)
		if err != nil {
			t.Fatal(err)
		}
		compiled.terminationProtection = protected
		e.templates = append(e.templates, compiled)
	}
	return e
}

// on is a fault at the end of what happens to a resource in a phase.
func on(id string, phase Phase) Options {
	return Options{Fault: func(e Event) bool { return e.Resource == id && e.Phase == phase && e.End }}
}

// succeed ends the test unless a command succeeded, and fail unless it failed with the words.
func succeed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fail(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Fatalf("got %v, want an error with %q", err, words)
	}
}

// rules are the violations of an account without repetitions: invariant, rule, resource.
func rules(a *Account) string {
	var all []string
	for _, v := range a.Violations() {
		short, _, _ := strings.Cut(string(v.Invariant), " ")
		if rule := strings.TrimSpace(short + " " + v.Rule + " " + v.Resource); !strings.Contains(strings.Join(all, "; ")+";", rule+";") {
			all = append(all, rule)
		}
	}
	return strings.Join(all, "; ")
}

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("%s: got %v, want %v", what, got, wanted)
	}
}

// seeds plays a history under many orders, and returns all rules that any of them broke.
func seeds(t *testing.T, history func(a *Account)) string {
	t.Helper()
	found := ""
	for seed := range uint64(60) {
		a := NewAccount(seed)
		history(a)
		if broken := rules(a); broken != "" && !strings.Contains(found, broken) {
			found = strings.TrimPrefix(found+" / "+broken, " / ")
		}
	}
	return found
}
