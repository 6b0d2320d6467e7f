package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// A typo in a task's command must be distinguishable from a crash.
func TestUnknownCommandIsAUsageError(t *testing.T) {
	for _, args := range [][]string{{}, {"wep"}, {"migrate", "down"}, {"web", "extra"}} {
		err := run(t.Context(), args, variables{}.get, &bytes.Buffer{})
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), "usage: dozen-app COMMAND") {
			t.Errorf("run(%q) = %v, want a usage error", args, err)
		}
	}
	if code := start(t, nil, "wep").wait(10 * time.Second); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"help"}, variables{}.get, &out); err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		if !strings.Contains(out.String(), c.name) || c.help == "" {
			t.Errorf("help does not explain %s", c.name)
		}
	}
}

// Every line of the Procfile must run a known command.
func TestProcfileRunsKnownCommands(t *testing.T) {
	content, err := os.ReadFile("Procfile")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"web": false, "worker": false, "scheduler": false, "release": false}
	for line := range strings.Lines(string(content)) {
		name, command, _ := strings.Cut(strings.TrimSpace(line), ": ")
		words := strings.Fields(command)
		want[name] = len(words) == 2 && words[0] == "dozen-app" && known(words[1])
	}
	for name, good := range want {
		if !good {
			t.Errorf("process %q is missing in the Procfile, or does not run a known command", name)
		}
	}
}

func known(name string) bool {
	for _, c := range commands {
		if c.name == name {
			return true
		}
	}
	return false
}

// Every process must start, keep running, and exit with 0 after SIGTERM.
func TestProcessesStartAndStop(t *testing.T) {
	env := newVariables(t)
	web := start(t, env, "web")
	web.until("/livez", 200, 10*time.Second)
	web.until("/readyz", 200, 10*time.Second)
	worker := start(t, env, "worker")
	worker.untilLine("worker started", 10*time.Second)
	scheduler := start(t, env, "scheduler")
	scheduler.untilLine("scheduler started", 10*time.Second)
	for _, p := range []*instance{web, worker, scheduler} {
		if code := p.terminate(); code != 0 {
			t.Errorf("%v ended with %d on SIGTERM:\n%s", p.cmd.Args[1:], code, strings.Join(p.lines(""), "\n"))
		}
	}
}
