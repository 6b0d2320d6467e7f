package stacks

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseProcfile(t *testing.T) {
	text := "# processes\n\nweb: app web --name 'two words'\r\nworker-mail: app work mail\nscheduler: app tick\nrelease: sh -c 'app migrate && app seed'\n"
	want := []Process{
		{"web", RoleWeb, []string{"app", "web", "--name", "two words"}},
		{"worker-mail", RoleWorker, []string{"app", "work", "mail"}},
		{"scheduler", RoleScheduler, []string{"app", "tick"}},
		{"release", RoleRelease, []string{"sh", "-c", "app migrate && app seed"}},
	}
	got, err := ParseProcfile(text)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
}

func TestProcfileMistakes(t *testing.T) {
	for text, part := range map[string]string{
		"worker: app":           `no "web" line`,
		"web app":               "line 1 of the Procfile: \"web app\" has no colon",
		"web: app\nWeb: app":    "line 2 of the Procfile: name \"Web\"",
		"web: app\nweb: app":    `"web" stands on line 1 already`,
		"web:":                  `"web" has no command`,
		"web: app | tee log":    `has "|", which only a shell understands`,
		"web: app --port $PORT": `has "$"`,
		"web: app 'open":        "close the quote",
		"web: app\nadmin: app":  `name "admin" is taken`,
		"web: app\ngate: app":   `name "gate" is taken`,
		"web: app\n" + strings.Repeat("x", 31) + ": a": "1 to 30",
	} {
		_, err := ParseProcfile(text)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: got %v, want %q", text, err, part)
		}
	}
	_, err := ParseProcfile("web\nworker:\nWeb: app")
	if err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("three mistakes give: %v", err)
	}
}

// Whatever a Procfile holds, it is parsed or refused with its line, and what is parsed can be deployed.
func FuzzParseProcfile(f *testing.F) {
	for _, seed := range []string{"web: app", "web: app\nworker: a 'b c' \"d\"", "web: a\\ b", "web: sh -c 'x && y'", ":\n::", "web: \x00", "web: #"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		processes, err := ParseProcfile(text)
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, p := range processes {
			if len(p.Command) == 0 || names[p.Name] || !processName.MatchString(p.Name) {
				t.Errorf("%q gives %v", text, processes)
			}
			names[p.Name] = true
		}
		if !names["web"] {
			t.Errorf("%q passes without web", text)
		}
	})
}

// Every construct of the services stack beside the processes is out of reach for a process's name.
func TestNamesOfPartsAreRefused(t *testing.T) {
	for _, name := range []string{"load-balancer", "cluster", "image", "alarm-topic", "alarms", "queries", "dashboard", "scheduled-tasks", "redeploy"} {
		if _, err := ParseProcfile("web: app web\n" + name + ": app work\n"); err == nil || !strings.Contains(err.Error(), "choose another") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
