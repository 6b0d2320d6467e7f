package config

import (
	"strings"
	"testing"
	"time"
)

// Prevents: a value of dev that one looks for in Development(), although it stands in cheap().
func TestMessagesNameThePlace(t *testing.T) {
	changed := Development()
	changed.Web.CPU = 300
	for _, row := range []struct {
		e           Environment
		field, want string
	}{
		{Development(), "Web.CPU", " (cheap in config/environments.go)"},
		{Staging(), "Workers[\"worker\"].BacklogPerTask", " (cheap in config/environments.go)"},
		{Staging(), "Web.Max", " (Staging in config/environments.go)"},
		{Production(), "Database.Class", " (durable in config/environments.go)"},
		{Production(), "Web.LongestRequest", " (durable in config/environments.go)"}, // as in cheap
		{Production(), "PlainHTTP", " (Production in config/environments.go)"},
		{Ephemeral("pr-1", Staging()), "Network.CIDR", " (cheap in config/environments.go)"},
		{changed, "Web.CPU", " (config/environments.go)"},
		{Development(), "Region", " (config/environments.go)"}, // written nowhere
		{Development(), "Network.ZoneNames[0]", " (config/environments.go)"},
		{Development(), "the number of database connections during a release", " (config/environments.go)"},
	} {
		if got := (problem{row.field, ""}).placed(row.e); got != row.want {
			t.Errorf("%s of %s: %q, want %q", row.field, row.e.Name, got, row.want)
		}
	}
}

// Prevents: every mistake in cheap() is reported for dev and again for staging, and two mistakes look like four.
func TestASharedProblemIsReportedOnce(t *testing.T) {
	environments := []Environment{Development(), Staging(), Production()}
	for i := range 2 {
		environments[i].Web.CPU, environments[i].Web.MemoryMiB, environments[i].Web.LongestRequest = 300, 3000, 5
	}
	err := Validate(environments, App{Processes: processes})
	if err == nil {
		t.Fatal("no problem is reported")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{"Web.CPU is 300: ", "Web.MemoryMiB is 3000: ", "Web.LongestRequest is 5ns: a number without a unit counts nanoseconds; write 5 * time.Second ("} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], `environments "dev", "staging": `+want) {
			t.Errorf("line %d of\n%s\nwants %s", i, err, want)
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d lines, want 3:\n%s", len(lines), err)
	}
}

// Prevents: one mistake after the other, each after another synthesis.
func TestMemoryIsCheckedNextToAWrongCPU(t *testing.T) {
	e := Development()
	e.Web.CPU, e.Web.MemoryMiB = 300, 1024 // right for another CPU
	if err := e.Validate(processes); err == nil || strings.Contains(err.Error(), "MemoryMiB") {
		t.Error(err)
	}
	e.Web.MemoryMiB = 3000
	if err := e.Validate(processes); err == nil || !strings.Contains(err.Error(), "Web.MemoryMiB is 3000: with CPU 512 Fargate offers 1024, ") {
		t.Error(err)
	}
}

func TestDurationsAreWrittenAsInGo(t *testing.T) {
	for value, want := range map[time.Duration]string{
		5: "write 5 * time.Second", 0: "write 1 * time.Second", 2 * time.Hour: "write 1 * time.Minute", 1500 * time.Millisecond: "write 2 * time.Second",
	} {
		e := Development()
		e.Web.LongestRequest = value
		if err := e.Validate(processes); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%d: %v, want %s", value, err, want)
		}
	}
}
