package config

import (
	"strings"
	"testing"
)

func TestEnvironmentsAreThreeByDefault(t *testing.T) {
	environments, err := Environments([]string{"PATH=/bin", "AWS_REGION=us-east-1"})
	if err != nil || len(environments) != 3 {
		t.Fatalf("got %d, %v", len(environments), err)
	}
	for _, e := range environments {
		if e.Region != "" || e.Account != "" {
			t.Errorf("%s takes %q %q from the machine", e.Name, e.Account, e.Region)
		}
	}
}

func TestOverrides(t *testing.T) {
	environments, err := Environments([]string{
		"DOZEN_REGION=eu-central-1", "DOZEN_PROD_REGION=eu-west-1", "DOZEN_PROD_ACCOUNT=123456789012",
		"DOZEN_DOMAIN=example.com", "DOZEN_PROD_DOMAIN=example.com", "DOZEN_HOSTED_ZONE_ID=Z0123456789", "DOZEN_HOSTED_ZONE_NAME=example.com",
		"DOZEN_ALARM_EMAIL=ops@example.com", "DOZEN_ENVIRONMENTS=pr-12:dev", "DOZEN_PR_12_REGION=us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	dev, prod, pr := environments[0], environments[2], environments[3]
	if dev.Region != "eu-central-1" || prod.Region != "eu-west-1" || dev.Account != "" || prod.Account != "123456789012" || pr.Region != "us-east-1" {
		t.Errorf("regions and accounts: %v %v %v", dev.Region, prod.Region, pr.Region)
	}
	if dev.Domain.Name != "dev.example.com" || prod.Domain.Name != "example.com" || pr.Domain.Name != "pr-12.example.com" {
		t.Errorf("domains: %q %q %q", dev.Domain.Name, prod.Domain.Name, pr.Domain.Name)
	}
	if prod.Alarms.Email != "ops@example.com" || prod.Domain.HostedZoneID != "Z0123456789" {
		t.Errorf("prod: %+v %+v", prod.Alarms, prod.Domain)
	}
	for _, e := range environments {
		if err := e.Validate(processes); err != nil {
			t.Error(err)
		}
	}
}

// A misspelt variable would deploy production without its domain, and nobody would be told.
func TestUnknownVariableIsRefused(t *testing.T) {
	_, err := Environments([]string{"DOZEN_PORD_DOMAIN=example.com"})
	if err == nil || !strings.Contains(err.Error(), "DOZEN_PORD_DOMAIN") {
		t.Errorf("got %v", err)
	}
	if _, err := Environments([]string{"DOZEN_LONG=1"}); err != nil {
		t.Errorf("the tests' own variable: %v", err)
	}
}

func TestEphemeralMistakes(t *testing.T) {
	_, err := Environments([]string{"DOZEN_ENVIRONMENTS=pr-1,pr-2:test,dev:dev,pr-3:dev,pr-3:dev"})
	if err == nil {
		t.Fatal("not noticed")
	}
	for _, part := range []string{`"pr-1": no base`, `base "test" does not exist; write one of dev, staging, prod`, `"dev" already exists`, `"pr-3" already exists`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in:\n%v", part, err)
		}
	}
}

// Prevents: a message about a field that nobody has set in environments.go, from a variable of CI that nobody thinks of.
func TestMessagesNameTheVariable(t *testing.T) {
	for says, variables := range map[string][]string{
		`environments "dev", "staging", "prod": Region is "Frankfurt" (from DOZEN_REGION): not`: {"DOZEN_REGION=Frankfurt"},
		`environment "prod": Account is "1" (from DOZEN_PROD_ACCOUNT): an`:                      {"DOZEN_PROD_ACCOUNT=1"},
		`Domain.HostedZoneID is "": HTTPS for "dev.example.com" (from DOZEN_DOMAIN) needs`:      {"DOZEN_DOMAIN=example.com"},
		`Domain.HostedZoneName is "x.org" (from DOZEN_HOSTED_ZONE_NAME): Domain.Name "prod.`: {
			"DOZEN_DOMAIN=a.b", "DOZEN_HOSTED_ZONE_NAME=x.org", "DOZEN_HOSTED_ZONE_ID=Z0123456789",
		},
	} {
		environments, err := Environments(variables)
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(environments, App{Processes: processes}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, have: %v", says, err)
		}
	}
}
