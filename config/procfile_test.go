package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseProcfile(t *testing.T) {
	text := "# processes\n\nweb: app web --name 'two words'\r\nworker-mail: app work mail\nclock: app tick # each minute\n" +
		"release: sh -c 'app migrate && app seed'\n" +
		`arrow: node -e "tick(() => 1); a<b && c|d" '$5 ` + "`x`' a\\;b '\\$HOME'\n" +
		"port: app --port $PORT\n"
	want := []Process{
		{"web", RoleWeb, []string{"app", "web", "--name", "two words"}, ""},
		{"worker-mail", RoleWorker, []string{"app", "work", "mail"}, ""},
		{"clock", RoleScheduler, []string{"app", "tick"}, ""},
		{"release", RoleMigration, []string{"sh", "-c", "app migrate && app seed"}, ""},
		{"arrow", RoleWorker, []string{"node", "-e", "tick(() => 1); a<b && c|d", "$5 `x`", "a;b", "\\$HOME"}, ""},
		{"port", RoleWorker, []string{"sh", "-c", "exec app --port $PORT"}, "$PORT"},
	}
	got, err := ParseProcfile(text)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
}

// Heroku's and Celery's guides call the scheduler clock, beat or cron: as workers, they would run each job once for each task.
func TestNamesOfTheScheduler(t *testing.T) {
	for _, name := range []string{"scheduler", "clock", "beat", "cron"} {
		processes, err := ParseProcfile("web: app\n" + name + ": app tick")
		if err != nil || processes[1].Role != RoleScheduler || processes[1].Name != name {
			t.Errorf("%s: %v, %v", name, processes, err)
		}
		_, err = ParseProcfile("web: app\nscheduler: app tick\n" + name + ": app tick")
		if err == nil || !strings.Contains(err.Error(), "line 3 of the Procfile") || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("scheduler and %s: %v", name, err)
		}
	}
}

func TestProcfileProblems(t *testing.T) {
	for text, part := range map[string]string{
		"worker: app":                       `has no "web" line`,
		"web app":                           "line 1 of the Procfile: \"web app\" has no colon",
		"web: app\nWeb: app":                "line 2 of the Procfile: name \"Web\"",
		"web: app\nweb: app":                `"web" is already on line 1`,
		"web:":                              `"web" has no command`,
		"web: # app":                        `"web" has no command`,
		"web: app 'open":                    `command of "web": at character 5: reached EOF without closing quote`,
		"web: app \"$(date\"":               "at character ",
		"web: app && ":                      "at character 5: `&&` must be followed by a statement",
		"web: app <<<date":                  "bash -c",
		"web: (app":                         "at character 1",
		"web: app\nclock: a\nbeat: b":       `line 3 of the Procfile: "beat" is a scheduler, and so is "clock"`,
		"web: app\nadmin-: app":             `name "admin-" is taken`,
		"web: \"\"":                         "an empty word is not a program",
		"web: A=1 ''":                       "an empty word is not a program",
		"web: app -1.8881545897087626e+289": "takes for a token",
		"web: sh -c 'a ${Token[TOKEN.1]}'":  "takes for a token",
		"web: app \x00":                     "control character",
		"web: app \xff":                     "not UTF-8",
		"web: app\nadmin: app":              `name "admin" is taken`,
		"web: app\ngate: app":               `name "gate" is taken`,
		"web: app\n" + strings.Repeat("x", 31) + ": a": "1 to 30",
	} {
		_, err := ParseProcfile(text)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: got %v, want %q", text, err, part)
		}
	}
	_, err := ParseProcfile("web\nworker:\nWeb: app")
	if err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("three problems give: %v", err)
	}
}

// Whatever a Procfile holds, it is parsed or refused with its line, and what is parsed can be deployed.
func FuzzParseProcfile(f *testing.F) {
	for _, seed := range []string{"web: app", "web: app\nworker: a 'b c' \"d\"", "web: a\\ b", "web: sh -c 'x && y'", "web: A=1 a $B >c && d | e; (f)", ":\n::", "web: \x00", "web: #", "web: a\nweb-: b\nw2: c\nw-2: d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		processes, err := ParseProcfile(text)
		if err != nil {
			return
		}
		names, ids := map[string]bool{}, map[string]bool{}
		for _, p := range processes {
			if ids[p.ConstructID()] {
				t.Errorf("%q gives two processes the construct id %s", text, p.ConstructID())
			}
			ids[p.ConstructID()] = true
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

// Prevents: two names that AWS cannot tell apart end in a stack trace of the construct library.
func TestNamesWithTheSameConstructID(t *testing.T) {
	for _, pair := range [][2]string{{"worker-2", "worker2"}, {"worker", "worker-"}, {"a-b", "a--b"}, {"release", "release-"}, {"scheduler--", "scheduler"}} {
		_, err := ParseProcfile("web: app\n" + pair[0] + ": app\n" + pair[1] + ": app\n")
		if err == nil || !strings.Contains(err.Error(), "line 3 of the Procfile") || !strings.Contains(err.Error(), "on line 2") {
			t.Errorf("%v: %v", pair, err)
		}
	}
	if _, err := ParseProcfile("web: app\nworker-2: app\nworker-2-a: app\nworker-2a: app\nworker: app\n"); err != nil {
		t.Error(err)
	}
}
