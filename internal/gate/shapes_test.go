package gate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dozen/internal/gate"
)

// Every way in which ECS reports a task's end has its own outcome and remedy. The files have the form of DescribeTasks'
// responses.
func TestOutcomeOfEveryTaskShape(t *testing.T) {
	const success = "container release exited with code 0"
	want := map[string][]string{ // name: what the reason contains; a success has only one part
		"exit-0":                         {success},
		"exit-0-no-stop-code":            {success},
		"exit-0-with-sidecar-terminated": {success},
		"exit-1":                         {"exited with code 1", "fix what the log shows"},
		"out-of-memory":                  {"code 137", "OutOfMemoryError", "raise Migration.MemoryMiB"},
		"killed-without-reason":          {"code 137", "SIGKILL"},
		"segmentation-fault":             {"code 139", "SIGSEGV"},
		"command-not-found":              {"code 127", "of the Procfile"},
		"image-missing":                  {"no exit code", "TaskFailedToStart", "image is in the registry"},
		"registry-unreachable":           {"no exit code", "cannot reach the registry"},
		"wrong-architecture-at-pull":     {"no exit code", "linux/arm64", "build it for linux/arm64"},
		"wrong-architecture-at-start":    {"code 1", "build it for linux/arm64"},
		"secret-not-allowed":             {"ResourceInitializationError", "allow the execution role to read the secret"},
		"log-group-missing":              {"ResourceInitializationError", "log group exists"},
		"no-route":                       {"ResourceInitializationError", "route to AWS"},
		"subnet-full":                    {"InsufficientFreeAddressesInSubnet", "free some addresses"},
		"no-such-command":                {"executable file not found", "of the Procfile"},
		"no-exit-code":                   {"no exit code", "did not run to its end"},
		"stopped-by-a-person-exit-0":     {"because the task was stopped", "UserInitiated", "let the task run to its own end"},
		"stopped-by-a-person-exit-143":   {"code 143", "SIGTERM"},
		"spot-interruption":              {"because the task was stopped", "SpotInterruption"},
		"sidecar-out-of-memory":          {"log_router exited with code 137", "fix that container"},
		"other-container-only":           {`no container "release"; its containers are: web`, "property Container"},
	}
	files, err := filepath.Glob("testdata/tasks/*.json")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d shapes and %d expectations, %v", len(files), len(want), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			task := new(gate.Task)
			if err := json.Unmarshal(content, task); err != nil {
				t.Fatal(err)
			}
			results := successful()
			results[gate.CheckTask] = []gate.Result{{Task: task}}
			results[gate.ReadLog] = []gate.Result{{Lines: []string{"the last line"}}}
			answer := play(t, requestOf(gate.Create, nil), results).answer
			succeeds := len(want[name]) == 1 && want[name][0] == success
			if succeeds != (answer.Status == "SUCCESS") {
				t.Errorf("status %s, reason %s", answer.Status, answer.Reason)
			}
			contains(t, answer.Reason, want[name]...)
			if !succeeds {
				contains(t, answer.Reason, "Remedy:", taskARN, "/dev/release",
					"app/release/0b69d5c0d65548a0b1d3ec1d7c1b4ee2", "the last line")
			}
		})
	}
}

func contains(t *testing.T, text string, fragments ...string) {
	t.Helper()
	if len(fragments) == 0 {
		t.Error("no fragment to look for")
	}
	for _, fragment := range fragments {
		if !strings.Contains(text, fragment) {
			t.Errorf("no %q in %q", fragment, text)
		}
	}
}
