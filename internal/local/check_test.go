package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/internal/local/localtest"
)

// checked runs Check on an assembly and returns its results.
func checked(t *testing.T, assembly string, patience time.Duration) (results []Result) {
	t.Helper()
	directory, err := os.MkdirTemp(scratch, "c")
	if err == nil {
		err = os.Chmod(directory, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	home := Home{filepath.Join(directory, "dev.check")}
	err = Check(localtest.Bounded(t), CheckSettings{Backlog: patience, Settings: Settings{
		Assembly: assembly, Environment: "dev", Checkout: checkout, App: filepath.Join(checkout, localtest.Fixture, "app"), Home: home, Engine: "none", Out: &localtest.Transcript{},
	}}, func(r Result) { results = append(results, r) })
	if err != nil {
		t.Fatal(err)
	}
	if home.Exists() {
		t.Error("its data is left")
	}
	return results
}

// Prevents: a check that finds fault with an app that keeps the contract, so that nobody believes it.
func TestAnAppThatKeepsTheContractPasses(t *testing.T) {
	for name, assembly := range map[string]func(*testing.T) string{"fixture": synthesized, "bundled": bundled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			passed := 0
			for _, r := range checked(t, assembly(t), 70*time.Second) {
				switch {
				case r.Outcome == Passed:
					passed++
				case r.Rule != "web runs on a read-only root" && !strings.Contains(r.Seen, "this machine has no address"):
					t.Errorf("%s: %s: %s\n%s", r.Outcome, r.Rule, r.Seen, strings.Join(r.Last, "\n"))
				}
			}
			if passed < 14 {
				t.Errorf("only %d rules were tried", passed)
			}
		})
	}
}

// What is in the fixture's main.go, for the apps that break one rule.
const (
	healthLine  = `	http.HandleFunc("GET /livez", func(w http.ResponseWriter, r *http.Request) {` + "\n"
	listenLine  = `net.JoinHostPort(os.Getenv("BIND"), os.Getenv("PORT"))`
	workLine    = "	case \"worker\":\n		<-stop.Done()\n"
	releaseLine = `		fmt.Println("the schema is ready")` + "\n"
	lagLine     = `	time.Sleep(seconds("ROUTING_LAG_SECONDS"))` + "\n"
)

// Prevents: an app that breaks a rule of docs/contract.md and learns of it on AWS. Each app breaks some rules, and these must fail
// and no others; each message names what was seen, and the line to change.
func TestABrokenRuleIsFound(t *testing.T) {
	for name, app := range map[string]struct {
		edits  []string            // pairs of text in the fixture's main.go
		failed map[string][]string // what the results of the rules that fail say
	}{
		"a port of its own": {[]string{listenLine, `"127.0.0.1:18765"`}, map[string][]string{
			"web listens on PORT": {"(Web.StartBudget); it listens on 18765, and PORT is ", "test/fixture/app/Procfile:1: ", "$PORT"},
		}},
		"it crashes": {[]string{"	http.HandleFunc(\"GET /\"", "	panic(\"in the code\")\n	http.HandleFunc(\"GET /\"", releaseLine, "		os.Exit(3)\n", workLine, "	case \"worker\":\n"}, map[string][]string{
			"web listens on PORT":                       {"it ended with exit code 2 before it listened", "Procfile:1", "| panic: in the code"},
			"release, two at the same time":             {"both: ended with exit code 3", "Procfile:4: "},
			"release on a schema that is there already": {"ended with exit code 3", "Procfile:4: "},
			"worker runs":                               {"it ended with exit code 0", "Procfile:2: "},
		}},
		"names of hosts": {[]string{healthLine, healthLine + "		if !strings.HasPrefix(r.Host, \"localhost\") && !strings.HasPrefix(r.Host, \"127.\") {\n			w.WriteHeader(400)\n			return\n		}\n",
			`"strconv"`, "\"strconv\"\n	\"strings\"", `"Process":"worker","Backlog":0`, `"Process":"worker2","Backlog":0`,
			releaseLine, once}, map[string][]string{
			"web is healthy":                   {"GET /livez answered 400, wanted 200; the Host header was 10.0.0.7:", "with localhost it passes", "ALLOWED_HOSTS"},
			"the backlog of worker is written": {"no process wrote it within 5s", "Procfile:2: "},
			"release, two at the same time":    {"one of them: ended with exit code 1", "Procfile:4: ", "| not twice"},
		}},
		"a slow end": {[]string{lagLine, "", "	return server.Shutdown(drain)\n", "	listener.Close()\n	time.Sleep(time.Hour)\n	return server.Shutdown(drain)\n",
			"\t\tscheduler(stop)\n", "\t\tselect {}\n", "			w.WriteHeader(http.StatusServiceUnavailable)\n", "",
			releaseLine, "		_, err = os.Stat(done())\n		if err == nil {\n			os.Exit(1)\n		}\n		time.Sleep(2 * time.Second)\n		err = os.WriteFile(done(), nil, 0o600)\n",
			"func seconds(", "func done() string {\n	name, _ := os.Executable()\n	return name + \".done\"\n}\n\nfunc seconds("}, map[string][]string{
			"web serves requests after SIGTERM":         {"s after SIGTERM: ", "ROUTING_LAG_SECONDS"},
			"web ends after SIGTERM":                    {"it was still running after ", "Procfile:1: "},
			"scheduler ends after SIGTERM":              {"it was still running after ", "Procfile:3: "},
			"release on a schema that is there already": {"ended with exit code 1", "Procfile:4: ", "a rollback runs the older image"},
		}},
		"no handler of SIGTERM": {[]string{"signal.NotifyContext(context.Background(), syscall.SIGTERM)", "signal.NotifyContext(context.Background(), syscall.SIGUSR1)",
			listenLine, `"127.0.0.1:"+os.Getenv("PORT")`}, map[string][]string{
			"web listens on every address":      {"this machine's loopback only", "listen on 0.0.0.0"},
			"web serves requests after SIGTERM": {"s after SIGTERM: "},
			"web ends after SIGTERM":            {"exit code 143", "nothing handled the signal"},
			"worker ends after SIGTERM":         {"exit code 143"},
			"scheduler ends after SIGTERM":      {"exit code 143"},
		}},
		"a health check with a query": {[]string{healthLine, healthLine + query, "			w.WriteHeader(http.StatusServiceUnavailable)\n", ""}, map[string][]string{
			"web is unhealthy after SIGTERM":         {"GET /livez still passed, and some of its tasks run on Spot", "answer 503", "SpotPercent in config/environments.go:"},
			"web stays healthy without the database": {"GET /livez answered 500, wanted 200", "without a query", "HealthPath in config/environments.go:"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patience := time.Duration(0)
			if app.failed["the backlog of worker is written"] != nil {
				patience = 5 * time.Second
			}
			found := map[string]bool{}
			assembly := edited(t, app.edits)
			if app.failed["web is unhealthy after SIGTERM"] != nil {
				assembly = templated(t, assembly, `"CapacityProvider":"FARGATE",`, `"CapacityProvider":"FARGATE_SPOT",`)
			}
			for _, r := range checked(t, assembly, patience) {
				all := r.Rule + ": " + r.Seen + "\n" + r.Remedy + "\n| " + strings.Join(r.Last, "\n| ")
				if wanted := app.failed[r.Rule]; (r.Outcome == Failed) != (wanted != nil) {
					t.Errorf("%s: %s", r.Outcome, all)
				} else if slices.ContainsFunc(wanted, func(text string) bool { return !strings.Contains(all, text) }) {
					t.Errorf("%s\nwant %q", all, wanted)
				}
				found[r.Rule] = true
			}
			for rule := range app.failed {
				if !found[rule] {
					t.Errorf("%s was not tried", rule)
				}
			}
		})
	}
}

// once is a migration that two tasks cannot run at the same time.
const once = `		name, _ := os.Executable()
		if err = os.Mkdir(name+".lock", 0o700); err != nil {
			err = fmt.Errorf("not twice")
			break
		}
		time.Sleep(2 * time.Second)
		err = os.Remove(name + ".lock")
`

// query logs in to the database, whose first answer is then an R.
const query = `		message := "user\x00" + os.Getenv("PGUSER") + "\x00database\x00" + os.Getenv("PGDATABASE") + "\x00\x00"
		answer := make([]byte, 1)
		connection, err := net.Dial("tcp", os.Getenv("PGHOST")+":"+os.Getenv("PGPORT"))
		if err == nil {
			defer connection.Close()
			fmt.Fprintf(connection, "\x00\x00\x00%c\x00\x03\x00\x00%s", 8+len(message), message)
			connection.Read(answer)
		}
		if answer[0] != 'R' {
			w.WriteHeader(http.StatusInternalServerError)
		}
`

// edited returns the fixture's assembly with changes of its main.go.
func edited(t *testing.T, pairs []string) string {
	return changed(t, synthesized(t), func(context string) {
		for i := 0; i < len(pairs); i += 2 {
			mustEdit(t, filepath.Join(context, "main.go"), pairs[i], pairs[i+1])
		}
	})
}

// Prevents: a backlog that is awaited from an app although the sidecar counts it, or not awaited from one that has to write it.
func TestOnlyTheAppsOwnBacklogIsAwaited(t *testing.T) {
	for counted, want := range map[string]string{"": "map[worker:true]", `[{\"process\":\"worker\"}]`: "map[worker:false]"} {
		env, err := readEnvironment(templated(t, synthesized(t), `{"Name":"DATABASE_LISTEN"`, `{"Name":"BACKLOG_SOURCES","Value":"`+counted+`"},{"Name":"DATABASE_LISTEN"`), "dev")
		if err != nil {
			t.Fatal(err)
		}
		templates := &templates{env: env}
		r, err := templates.release()
		if err != nil {
			t.Fatal(err)
		}
		if names, byApp := templates.scaledOnBacklog(r); fmt.Sprint(byApp) != want || fmt.Sprint(names) != "[worker]" {
			t.Errorf("counted by the sidecar: %q: %v %v, want %s", counted, names, byApp, want)
		}
	}
}
