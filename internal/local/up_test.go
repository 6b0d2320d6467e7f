package local

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"dozen/internal/assembly"
	"dozen/internal/local/localtest"
)

// Prevents: a newcomer's first try does not work.
func TestAPostedEventIsDelivered(t *testing.T) {
	t.Parallel()
	w := startBundled(t, func(s *Settings) { s.Scale = map[string]int{"worker": 3} })
	sink := w.sink()
	l, stop := startLoad(t, w.url, 40, 80)
	stop()
	if len(l.failures) > 0 {
		t.Errorf("failed: %s", strings.Join(l.failures, "\n"))
	}
	eventually(t, "every accepted event is delivered", func() bool { return sink.count() == int(l.accepted.Load()) })
	if n := len(w.running("worker")); n != 3 {
		t.Errorf("%d workers, want the 3 that were asked for", n)
	}
	if n := len(w.running("scheduler")); n != 1 {
		t.Errorf("%d schedulers, want 1", n)
	}
	if out, err := w.command("dozen-app", "no-such-process"); err == nil || !strings.Contains(out, "usage:") {
		t.Errorf("a one-off command that fails: %v, %s", err, out)
	}
	var logs strings.Builder
	if err := Logs(t.Context(), w.home, []string{"web"}, false, &logs); err != nil || !strings.Contains(logs.String(), `"msg":"web started"`) {
		t.Errorf("web's log: %v\n%s", err, logs.String())
	}
}

// Prevents: an app that works here because one of its variables differs from the one on Fargate.
func TestATaskSeesTheSynthesizedVariables(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *Settings) { s.Scale = map[string]int{"worker": 1} })
	env, err := readEnvironment(synthesized(t), "dev")
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := env.TaskDefinitions(func(r *assembly.Resource, attribute string) (any, error) {
		key := attribute
		if r != nil {
			key = r.Type + " " + attribute
		}
		if localValues[key] == nil {
			t.Errorf("%s has another value here and is not in localValues", key)
		}
		return assembly.Symbolic(r, attribute)
	})
	if err != nil {
		t.Fatal(err)
	}
	services, err := env.Services(assembly.Symbolic)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, s := range services {
		for _, task := range w.tasks(s.Process) {
			for _, d := range definitions {
				if d.Resource == s.TaskDefinition {
					compare(t, s.Process, d.Containers[0], environ(t, task.PID))
					compared++
				}
			}
		}
	}
	if compared != 3 {
		t.Errorf("%d tasks were compared, want 3", compared)
	}
}

// compare compares a process's variables with its definition's: each is equal, has a symbolic value, or is in
// localVariables.
func compare(t *testing.T, process string, c assembly.Container, seen map[string]string) {
	t.Helper()
	for _, v := range c.Environment {
		value, set := seen[v.Name]
		delete(seen, v.Name)
		switch {
		case !set:
			t.Errorf("%s: %s is synthesized but not set", process, v.Name)
		case localVariables[v.Name] != "":
		case !strings.Contains(v.Value, "${") && value != v.Value:
			t.Errorf("%s: %s is %q, synthesized %q", process, v.Name, value, v.Value)
		case strings.Contains(v.Value, "${") && !fits(v.Value, value):
			t.Errorf("%s: %s is %q, synthesized %q", process, v.Name, value, v.Value)
		}
	}
	for name := range seen {
		if localVariables[name] == "" && name != "PATH" { // which every image sets
			t.Errorf("%s: %s is set, but it is neither synthesized nor in localVariables", process, name)
		}
	}
	if len(c.Environment) < 10 {
		t.Errorf("%s: only %d variables are synthesized", process, len(c.Environment))
	}
}

var symbol = regexp.MustCompile(`\$\{[^}]*\}`)

// fits reports whether a value is the symbolic value with something in the place of each symbol.
func fits(symbolic, value string) bool {
	pattern := "^"
	for i, literal := range symbol.Split(symbolic, -1) {
		if i > 0 {
			pattern += `[^$ ]+`
		}
		pattern += regexp.QuoteMeta(literal)
	}
	return regexp.MustCompile(pattern + "$").MatchString(value)
}

func environ(t *testing.T, pid int) map[string]string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(data), "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	return variables
}

// requirePrivate fails if another user of the machine can read an environment's passwords or command it.
func requirePrivate(t *testing.T, home Home) {
	t.Helper()
	entries, err := os.ReadDir(home.Directory)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || entry.Name() != "programs" && info.Mode()&0o077 != 0 {
			t.Errorf("%s: mode %s, %v", entry.Name(), info.Mode(), err)
		}
		seen[entry.Name()] = true
	}
	for _, name := range []string{"authority", "aws", "cache", "control", "database", "logs", "secrets"} {
		if !seen[name] {
			t.Errorf("%s has no %s, only %v", home.Directory, name, seen)
		}
	}
}

// Prevents: two environments share data or ports; or an environment leaves something behind after its end.
func TestTwoEnvironmentsSideBySideLeaveNothing(t *testing.T) {
	t.Parallel()
	first := startBundled(t, nil)
	second := startBundled(t, func(s *Settings) {
		s.Environment = "staging"
		s.Home = Home{filepath.Join(filepath.Dir(first.home.Directory), "staging")}
	})
	if first.url == second.url {
		t.Errorf("both serve at %s", first.url)
	}
	requirePrivate(t, first.home)
	for _, w := range []*world{first, second} {
		if says, usual := strings.Contains(w.out.String(), "; port 8080 is taken"), strings.HasSuffix(w.url, ":8080"); says == usual {
			t.Errorf("%s: it says that 8080 is taken: %v", w.url, says)
		}
	}
	first.must("dozen-app", "source", "add", "only-here", "--secret", proofSecret)
	if out := second.must("dozen-app", "source", "list"); strings.Contains(out, "only-here") {
		t.Errorf("the other environment has the source too:\n%s", out)
	}
	err := Up(t.Context(), Settings{Assembly: bundled(t), Environment: "dev", Home: first.home, Out: &localtest.Transcript{}})
	if err == nil || !strings.Contains(err.Error(), "is already running here") {
		t.Errorf("a second environment in the same home: %v", err)
	}
	var pids []int
	for _, process := range []string{"web", "worker", "scheduler"} {
		for _, task := range first.tasks(process) {
			pids = append(pids, task.PID)
		}
	}
	if len(pids) != 3 {
		t.Errorf("processes %v, want one of each", pids)
	}
	if err := first.Down(localtest.Bounded(t)); err != nil {
		t.Error(err)
	}
	if err := first.wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	for _, pid := range pids {
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("process %d still runs", pid)
		}
	}
	if _, err := first.Status(localtest.Bounded(t)); err == nil || !strings.Contains(err.Error(), "is not running here, but staging is") {
		t.Errorf("its status after the end: %v", err)
	}
	if out := second.must("dozen-app", "source", "list"); strings.Contains(out, "only-here") {
		t.Error(out)
	}
	again := startBundled(t, func(s *Settings) { s.Home = first.home })
	if out := again.must("dozen-app", "source", "list"); !strings.Contains(out, "only-here") {
		t.Errorf("after a restart the data is gone:\n%s", out)
	}
}

// Prevents: a third-party secret that only works on AWS; or an error for a template of a newer construct library.
func TestValuesOfTheDeployedEnvironment(t *testing.T) {
	t.Parallel()
	directory := templated(t, bundled(t), `"Name":"app","PortMappings"`, `"Name":"app","Secrets":[{"Name":"STRIPE_KEY","ValueFrom":"arn:x"}],"PortMappings"`)
	name, password, command := firstOperator(t)
	w := start(t, func(s *Settings) {
		s.Assembly, s.Values = directory, map[string]string{"STRIPE_KEY": "sk_1", name: password}
	})
	for _, task := range w.tasks("web") {
		if got := environ(t, task.PID)["STRIPE_KEY"]; got != "sk_1" {
			t.Errorf("web's STRIPE_KEY is %q", got)
		}
		if _, set := environ(t, task.PID)["ADMIN_PASSWORD"]; set {
			t.Error("a stored parameter is in the environment")
		}
	}
	if out := w.must(command...); !strings.Contains(out, "can log in") { // the command takes the password from Parameter Store
		t.Error(out)
	}
	unknown := templated(t, bundled(t), `"Resources":{`, `"Resources":{"Strange":{"Type":"Example::Not::Known","Properties":{"X":{"Fn::Frobnicate":[]}}},`)
	if out, err := w.release(unknown); err != nil {
		t.Errorf("a resource of an unknown type: %v\n%s", err, out)
	}
}

// firstOperator returns what README.md says to store and to run, so that somebody can log in.
func firstOperator(t *testing.T) (name, password string, command []string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(checkout, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	stored := regexp.MustCompile(`put-parameter --type SecureString --name /dozen/dev/(\S+) --value '(.*)'`).FindSubmatch(page)
	words := regexp.MustCompile("`(\"dozen-app\",.*)` for `\"COMMAND\"`").FindSubmatch(page)
	if stored == nil || words == nil {
		t.Fatal("README.md does not say how to log in")
	}
	if err := json.Unmarshal([]byte("["+string(words[1])+"]"), &command); err != nil {
		t.Fatal(err)
	}
	return string(stored[1]), string(stored[2]), command
}

// Prevents: an environment that starts halfway, or a message that does not say what to do.
func TestWhatCannotRunIsExplained(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*testing.T, *Settings)
		want   string
	}{
		"no assembly":     {func(t *testing.T, s *Settings) { s.Assembly = t.TempDir() }, "manifest.json"},
		"no environment":  {func(t *testing.T, s *Settings) { s.Environment = "production" }, `no environment "production", only "dev", "prod", "staging"`},
		"no engine":       {func(t *testing.T, s *Settings) { s.Engine = "/no/such/engine" }, "/no/such/engine"},
		"a taken port":    {func(t *testing.T, s *Settings) { s.Port = 1 << 20 }, "--port 1048576: "},
		"no such process": {func(t *testing.T, s *Settings) { s.Scale = map[string]int{"wroker": 2} }, `no process "wroker"; there are: scheduler, web, worker`},
		"a service without the name of its process": {func(t *testing.T, s *Settings) {
			s.Assembly = templated(t, synthesized(t), `{"Key":"Process","Value":"worker"}`, `{"Key":"Other","Value":"worker"}`)
		}, "(AWS::ECS::Service) does not have the tag Process"},
		"an unknown function": {func(t *testing.T, s *Settings) {
			s.Assembly = templated(t, synthesized(t), `"Value":"/dozen/dev/"`, `"Value":{"Fn::Frobnicate":[]}`)
		}, "Fn::Frobnicate"},
		"a secret without value": {func(t *testing.T, s *Settings) {
			s.Assembly, s.ValuesFile = templated(t, synthesized(t), `"Name":"app","PortMappings"`, `"Name":"app","Secrets":[{"Name":"STRIPE_KEY","ValueFrom":"arn:x"}],"PortMappings"`), "app/.env.dev"
		}, "web: the template injects STRIPE_KEY from arn:x; add STRIPE_KEY=... to app/.env.dev"},
		"a broken migration": {func(t *testing.T, s *Settings) {
			s.Assembly = changed(t, synthesized(t), func(context string) {
				add(t, filepath.Join(context, "main.go"), "\nfunc init() { panic(\"of this release\") }\n")
			})
		}, "of this release"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, func(s *Settings) { row.change(t, s) })
			err := w.wait()
			seen := fmt.Sprintf("%s%v", w.out, err)
			if err == nil || strings.Count(seen, row.want) == 0 || strings.Contains(seen, "serves at") {
				t.Errorf("it ended with %v, want an error with %q", err, row.want)
			}
			if name == "a broken migration" && strings.Count(seen, row.want) != 1 {
				t.Errorf("the migration's last lines are printed twice:\n%s", seen)
			}
		})
	}
}

// Prevents: `dozen ps`, `logs` and `--scale` call a process worker2 that the Procfile calls worker-2.
func TestProcessesHaveTheNamesOfTheProcfile(t *testing.T) {
	directory := templated(t, synthesized(t), `{"Key":"Process","Value":"worker"}`, `{"Key":"Process","Value":"worker-2"}`)
	env, err := readEnvironment(directory, "dev")
	if err != nil {
		t.Fatal(err)
	}
	r, err := (&templates{env: env}).release()
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(r.processes(), " "); names != "scheduler web worker-2" {
		t.Errorf("the processes are %s", names)
	}
}

// Prevents: an app that works in processes and not in containers, which is what is deployed.
func TestContainers(t *testing.T) {
	engine := os.Getenv("CONTAINER_ENGINE")
	if engine == "" || engine == "none" {
		t.Skip("CONTAINER_ENGINE names no docker-compatible command")
	}
	w := startBundled(t, func(s *Settings) { s.Engine = engine })
	sink := w.sink()
	l, stop := startLoad(t, w.url, 40, 0)
	out, err := w.release(next(t, 1))
	stop()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(l.failures) > 0 {
		t.Errorf("%d of %d requests failed: %s", len(l.failures), l.sent.Load(), l.failures[0])
	}
	eventually(t, "every accepted event is delivered", func() bool { return sink.count() == int(l.accepted.Load()) })
	if strings.Contains(w.out.String(), "not enforced") {
		t.Error("an engine enforces everything")
	}
}
