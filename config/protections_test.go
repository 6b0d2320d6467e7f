package config

import (
	"slices"
	"strings"
	"testing"
)

// unprotected is production with every protection off.
func unprotected() Environment {
	e := Production()
	e.DeletionProtection, e.Database.MultiAZ, e.Database.RotationDays = false, false, 0
	e.Cache.Replicas, e.Network.FlowLogs = 0, false
	return e
}

// Prevents: production without deletion protection, standby, rotation, replica and flow logs, about which nobody is told. What is
// warned of always would not be read: the three environments as they are say nothing.
func TestProtectionsThatAreOffAreNamed(t *testing.T) {
	fields := []string{
		"DeletionProtection is false", "Database.MultiAZ is false", "Database.RotationDays is 0", "Cache.Replicas is 0",
		"Network.FlowLogs is false",
	}
	warnings := unprotected().Unprotected()
	if len(warnings) != len(fields) {
		t.Fatalf("%d warnings, want %d: %q", len(warnings), len(fields), warnings)
	}
	for _, field := range fields {
		if !slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, `environment "prod": `+field+": ") }) {
			t.Errorf("no warning says %s: %q", field, warnings)
		}
	}
	small, removable, serverless := unprotected(), Ephemeral("pr-1", unprotected()), unprotected()
	small.Small, serverless.Cache.Serverless = true, true
	for _, e := range []Environment{Development(), Staging(), Production(), small, removable} {
		if warnings := e.Unprotected(); len(warnings) > 0 {
			t.Errorf("%s warns: %q", e.Name, warnings)
		}
	}
	if len(serverless.Unprotected()) != 4 {
		t.Errorf("a serverless cache has no replicas to miss: %q", serverless.Unprotected())
	}
}

// Prevents: production that serves passwords over plain HTTP because a variable was forgotten.
func TestPlainHTTPIsADecision(t *testing.T) {
	domain := Domain{Name: "app.example.com", HostedZoneID: "Z0123456789ABC", HostedZoneName: "example.com"}
	for name, change := range map[string]func(*Environment){
		"meant":     func(*Environment) {},
		"HTTPS":     func(e *Environment) { e.PlainHTTP, e.Domain = false, domain },
		"both":      func(e *Environment) { e.Domain = domain },
		"small":     func(e *Environment) { e.PlainHTTP, e.Small = false, true },
		"removable": func(e *Environment) { *e = Ephemeral("pr-1", *e) },
	} {
		e := Production()
		change(&e)
		if err := e.Validate(processes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := Production()
	e.PlainHTTP = false
	err := e.Validate(processes)
	if err == nil || strings.Contains(err.Error(), "\n") ||
		!strings.Contains(err.Error(), "Domain.Name") || !strings.Contains(err.Error(), "PlainHTTP") {
		t.Errorf("without a domain: %v", err)
	}
}
