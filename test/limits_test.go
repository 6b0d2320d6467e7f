package test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dozen/config"
	"dozen/internal/local/localtest"
)

// limits are the settings that reach the app as numbers, with the lowest and the highest value that may be set.
var limits = []struct {
	field     string
	low, high int
	set       func(*config.Environment, int)
}{
	{"Web.Port", 1024, 65535, func(e *config.Environment, n int) { e.Web.Port = n }},
	{"Web.PoolSize", 2, 1000, func(e *config.Environment, n int) { e.Web.PoolSize = n }},
	{"Web.LongestRequest", 1, 60, func(e *config.Environment, n int) { e.Web.LongestRequest = time.Duration(n) * time.Second }},
	{"Web.RoutingLag", 1, 30, func(e *config.Environment, n int) { e.Web.RoutingLag = time.Duration(n) * time.Second }},
	{`Workers["worker"].Concurrency`, 1, 1000, ofWorker(func(w *config.Worker, n int) { w.Concurrency = n })},
	{`Workers["worker"].StopTimeout`, 10, 120, ofWorker(func(w *config.Worker, n int) { w.StopTimeout = time.Duration(n) * time.Second })},
}

func ofWorker(set func(*config.Worker, int)) func(*config.Environment, int) {
	return func(e *config.Environment, n int) {
		worker := e.Workers["worker"]
		set(&worker, n)
		e.Workers = map[string]config.Worker{"worker": worker}
	}
}

// Prevents: a release that fails on AWS after the image was built, because the app refuses at its start what the settings allow.
func TestTheAppAcceptsWhateverMayBeSet(t *testing.T) {
	localtest.NeedsBundled(t, root)
	app := bundledProgram(t)
	for name, number := range map[string]func(low, high int) int{
		"lowest":  func(low, _ int) int { return low },
		"highest": func(_, high int) int { return high },
	} {
		e := with(t, config.Development(), func(e *config.Environment) {
			e.Database.Class, e.Web.Max = "r8g.24xlarge", 1 // for the connections
			if name == "highest" {
				e.Web.SpotPercent, e.Web.FailuresToRollBack = 100, 3 // the longest drain
			}
			for _, limit := range limits {
				limit.set(e, number(limit.low, limit.high))
			}
		})
		definitions := e.services.all(t, "AWS::ECS::TaskDefinition")
		want(t, "task definitions", len(definitions), 5)
		for _, definition := range definitions {
			ctx, done := context.WithTimeout(t.Context(), time.Minute)
			defer done()
			cmd := exec.CommandContext(ctx, app, "web", "a word too many") // reads its variables, and then ends
			for variable, value := range definition.variables() {
				literal := strings.Trim(value, `"`)
				if value == `"`+literal+`"` && variable != "PARAMETERS_PATH" { // which is in AWS
					cmd.Env = append(cmd.Env, variable+"="+literal)
				}
			}
			if output, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(output), "usage:") {
				t.Errorf("the app refuses the %s values of %s:\n%s", name, definition.ID, output)
			}
		}
	}
}

// The limits above are those of the settings, and docs/variables.md names them.
func TestLimitsAreThoseOfTheSettings(t *testing.T) {
	for _, limit := range limits {
		for _, value := range []int{limit.low - 1, limit.high + 1} {
			e := config.Development()
			limit.set(&e, value)
			if err := e.Validate(fixture().Processes); err == nil || !strings.Contains(err.Error(), limit.field+" is ") {
				t.Errorf("%s may be %d: %v", limit.field, value, err)
			}
		}
	}
	drain := func(low, high config.Web) string {
		return fmt.Sprintf("%.0f to %.0f", low.Drain().App().Seconds(), (120*time.Second - config.StopMargin).Seconds())
	}
	low := config.Web{LongestRequest: time.Second, RoutingLag: time.Second}
	high := config.Web{LongestRequest: time.Minute, RoutingLag: 30 * time.Second, Task: config.Task{SpotPercent: 100}}
	contract := readFile(t, "docs/variables.md")
	for variable, reach := range map[string]string{
		"PORT": "1024 to 65535", "DATABASE_POOL_SIZE": "2 to 1000", "WORKER_CONCURRENCY": "1 to 1000", "REQUEST_TIMEOUT_SECONDS": "1 to 60",
		"ROUTING_LAG_SECONDS": fmt.Sprintf("1 to %.0f", high.Drain().Accepts().Seconds()), "DRAIN_SECONDS": drain(low, high),
	} {
		_, row, _ := strings.Cut(contract, "| `"+variable+"` |")
		row, _, _ = strings.Cut(row, "\n")
		if !strings.Contains(row, reach) {
			t.Errorf("docs/variables.md does not say that %s is %s: %s", variable, reach, row)
		}
	}
}

// bundledProgram compiles the bundled app.
func bundledProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(scratch(), "dozen-app")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir, build.Env = filepath.Join(root, "app"), append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return program
}
