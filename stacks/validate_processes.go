package stacks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

func (t Task) validate(p *problems, field string) {
	memories, ok := fargateMemory[t.CPU]
	p.unless(ok, field+".CPU", t.CPU, fmt.Sprintf("Fargate offers %s", listed(fargateCPU())), fmt.Sprintf("write %d", atLeast(fargateCPU(), t.CPU)))
	if ok {
		p.unless(slices.Contains(memories, t.MemoryMiB), field+".MemoryMiB", t.MemoryMiB, fmt.Sprintf("with CPU %d Fargate offers %s", t.CPU, listed(memories)), fmt.Sprintf("write %d", atLeast(memories, t.MemoryMiB)))
	}
	p.within(field+".SpotPercent", t.SpotPercent, 0, 100)
	p.within(field+".PoolSize", t.PoolSize, 1, 1000)
}

// fargateMemory lists the memory sizes in MiB that Fargate offers for each CPU size.
var fargateMemory = map[int][]int{
	256:   {512, 1024, 2048},
	512:   gibibytes(1, 4, 1),
	1024:  gibibytes(2, 8, 1),
	2048:  gibibytes(4, 16, 1),
	4096:  gibibytes(8, 30, 1),
	8192:  gibibytes(16, 60, 4),
	16384: gibibytes(32, 120, 8),
}

func fargateCPU() []int { return slices.Sorted(maps.Keys(fargateMemory)) }

func gibibytes(from, to, step int) []int {
	var sizes []int
	for size := from; size <= to; size += step {
		sizes = append(sizes, size*1024)
	}
	return sizes
}

func (w Web) validate(p *problems) {
	w.Task.validate(p, "Web")
	p.within("Web.Port", w.Port, 1024, 65535)
	p.unless(strings.HasPrefix(w.HealthPath, "/") && len(w.HealthPath) <= 1024 && !strings.ContainsAny(w.HealthPath, " \t\r\n"), "Web.HealthPath", w.HealthPath, "not a path", "write one such as /livez")
	p.within("Web.Min", w.Min, 1, 1000)
	p.unless(w.Max >= w.Min && w.Max <= 1000, "Web.Max", w.Max, fmt.Sprintf("allowed are Web.Min %d to 1000", w.Min), "write at least Web.Min")
	p.within("Web.CPUPercent", w.CPUPercent, 10, 90)
	p.within("Web.MemoryPercent", w.MemoryPercent, 10, 90)
	p.within("Web.RequestsPerTask", w.RequestsPerTask, 1, 10_000_000)
	p.lasting("Web.LongestRequest", w.LongestRequest, time.Second, idleTimeout)
	p.lasting("Web.StartBudget", w.StartBudget, time.Second, 5*time.Minute)
	p.within("Web.FailuresToRollBack", w.FailuresToRollBack, 1, 200)
}

func (w Worker) validate(p *problems, field string) {
	w.Task.validate(p, field)
	p.within(field+".Min", w.Min, 0, 1000)
	p.unless(w.Max >= max(w.Min, 1) && w.Max <= 1000, field+".Max", w.Max, fmt.Sprintf("allowed are %d to 1000", max(w.Min, 1)), "write at least Min, and at least 1")
	p.within(field+".BacklogPerTask", w.BacklogPerTask, 1, 10_000_000)
	p.within(field+".Concurrency", w.Concurrency, 1, 10_000)
	p.lasting(field+".StopTimeout", w.StopTimeout, 10*time.Second, longestStopByAWS)
}

func (m Migration) validate(p *problems) {
	m.Task.validate(p, "Migration")
	p.unless(m.SpotPercent == 0, "Migration.SpotPercent", m.SpotPercent, "a migration on Spot could be ended half-way", "write 0")
	p.lasting("Migration.Deadline", m.Deadline, time.Minute, 55*time.Minute)
	p.unless(!m.SnapshotFirst || m.RunOnDeploy, "Migration.SnapshotFirst", m.SnapshotFirst, "the gate takes the snapshot, and RunOnDeploy is false", "set RunOnDeploy to true")
}

// validateWorkerNames refuses settings for a process that the app does not have: a misspelt name would silently keep the defaults.
func (e Environment) validateWorkerNames(p *problems, processes []Process) {
	var names []string
	for _, process := range processes {
		if process.Role == RoleWorker {
			names = append(names, process.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Workers)) {
		p.unless(name == defaultWorker || slices.Contains(names, name), "Workers", name, fmt.Sprintf("the Procfile has no such process; its workers are %s", listed(names)), "correct the name or remove the entry")
	}
	_, ok := e.Workers[defaultWorker]
	p.unless(ok, "Workers", defaultWorker, "the entry that serves every worker without one of its own is missing", "add it")
}

// defaultWorker is the key in Environment.Workers for every worker that has no entry under its own name.
const defaultWorker = "worker"

// worker gives the settings of a worker-like process by its name in the Procfile.
func (e Environment) worker(name string) Worker {
	if w, ok := e.Workers[name]; ok {
		return w
	}
	return e.Workers[defaultWorker]
}

var (
	variableForm  = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,99}$`)
	parameterForm = regexp.MustCompile(`^/([A-Za-z0-9_.-]+/)+$`)
	secretForm    = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
	fieldForm     = regexp.MustCompile(`^[A-Za-z0-9_.-]*$`)
)

func (e Environment) validateVariables(p *problems) {
	reserved := contractVariables()
	for _, name := range slices.Sorted(maps.Keys(e.Settings)) {
		field := fmt.Sprintf("Settings[%q]", name)
		p.unless(variableForm.MatchString(name), field, name, "not the name of an environment variable", "use A-Z, 0-9 and _, beginning with a letter")
		p.unless(!slices.Contains(reserved, name), field, e.Settings[name], "Dozen sets this variable itself", "choose another name, or change the field it follows from")
		p.unless(!looksSecret(name), field, "...", "the name says that it is a secret, and settings stand in the template for all to read", "put it into Secrets Manager and name it in Secrets")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Secrets)) {
		field, secret := fmt.Sprintf("Secrets[%q]", name), e.Secrets[name]
		_, twice := e.Settings[name]
		p.unless(variableForm.MatchString(name), field, name, "not the name of an environment variable", "use A-Z, 0-9 and _, beginning with a letter")
		p.unless(!slices.Contains(reserved, name), field, name, "Dozen sets this variable itself", "choose another name")
		p.unless(!twice, field, name, "also in Settings", "remove one of the two")
		p.unless(secretForm.MatchString(secret.ARN), field+".ARN", secret.ARN, "not the complete ARN of a secret", "copy it from Secrets Manager, with the six characters at its end")
		p.unless(fieldForm.MatchString(secret.Field), field+".Field", secret.Field, "not a field of a JSON secret", "use letters, digits, _, . and -")
	}
	p.unless(e.ParametersPath == "" || parameterForm.MatchString(e.ParametersPath), "ParametersPath", e.ParametersPath, "not a Parameter Store path", "write one such as /dozen/dev/, with a slash at both ends")
}

// looksSecret keeps passwords out of templates, where everyone who reads the repository or the console sees them.
func looksSecret(name string) bool {
	for _, word := range []string{"PASSWORD", "SECRET", "TOKEN", "PRIVATE_KEY", "API_KEY", "CREDENTIAL"} {
		if strings.Contains(name, word) && !strings.HasSuffix(name, "_ARN") && !strings.HasSuffix(name, "_NAME") {
			return true
		}
	}
	return false
}

// Parameters is the Parameter Store path of this environment, with a slash at both ends.
func (e Environment) Parameters() string {
	if e.ParametersPath != "" {
		return e.ParametersPath
	}
	return "/" + e.Application + "/" + e.Name + "/"
}
