package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

func (t Task) validate(p *problems, field string) {
	cpus := slices.Sorted(maps.Keys(fargateMemory))
	memories, ok := fargateMemory[t.CPU]
	p.require(ok, field+".CPU", t.CPU, fmt.Sprintf("Fargate offers %s", listed(cpus)), fmt.Sprintf("write %d", atLeast(cpus, t.CPU)))
	cpu := t.CPU
	if !ok { // which CPU is meant is not known, but no memory size is right that Fargate never offers
		cpu = atLeast(cpus, t.CPU)
		memories = fargateMemory[cpu]
		for _, other := range cpus {
			ok = ok || slices.Contains(fargateMemory[other], t.MemoryMiB)
		}
	} else {
		ok = slices.Contains(memories, t.MemoryMiB)
	}
	p.require(ok, field+".MemoryMiB", t.MemoryMiB, fmt.Sprintf("with CPU %d Fargate offers %s", cpu, listed(memories)),
		fmt.Sprintf("write %d", atLeast(memories, t.MemoryMiB)))
	p.requireRange(field+".SpotPercent", t.SpotPercent, 0, 100)
	p.requireRange(field+".PoolSize", t.PoolSize, 2, 1000)
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

func gibibytes(from, to, step int) []int {
	var sizes []int
	for size := from; size <= to; size += step {
		sizes = append(sizes, size*1024)
	}
	return sizes
}

var pathForm = regexp.MustCompile(`^/[!-~]*$`)

func (w Web) validate(p *problems, removable bool) {
	w.Task.validate(p, "Web")
	p.requireRange("Web.Port", w.Port, 1024, 65535)
	p.require(pathForm.MatchString(w.HealthPath) && len(w.HealthPath) <= 1024 && unfit(w.HealthPath) == "",
		"Web.HealthPath", w.HealthPath, "not a path of at most 1024 visible ASCII characters", "write one such as /livez")
	p.requireRange("Web.Min", w.Min, 1, 1000)
	p.require(w.Max >= w.Min && w.Max <= 1000,
		"Web.Max", w.Max, fmt.Sprintf("allowed are Web.Min %d to 1000", w.Min), "write at least Web.Min")
	p.requireRange("Web.CPUPercent", w.CPUPercent, 10, 90)
	p.requireRange("Web.MemoryPercent", w.MemoryPercent, 10, 90)
	p.requireRange("Web.RequestsPerTask", w.RequestsPerTask, 1, 10_000_000)
	p.requireDuration("Web.LongestRequest", w.LongestRequest, time.Second, IdleTimeout)
	p.requireDuration("Web.RoutingLag", w.RoutingLag, time.Second, 30*time.Second)
	p.requireDuration("Web.StartBudget", w.StartBudget, time.Second, 5*time.Minute)
	p.requireRange("Web.FailuresToRollBack", w.FailuresToRollBack, 1, 200)
	p.require(w.SpotPercent == 0 || removable,
		"Web.SpotPercent", w.SpotPercent, "Removable is false, and users of this environment would notice when AWS takes tasks away",
		"write 0; workers may run on Spot")
	p.require(w.SpotPercent <= 0 || w.SpotPercent > 100 || w.FailuresToRollBack >= 3,
		"Web.FailuresToRollBack", w.FailuresToRollBack, "web runs on Spot, where starts also fail for lack of capacity",
		"write 3 or more, or Web.SpotPercent 0")
}

func (w Worker) validate(p *problems, field string, e Environment) {
	w.Task.validate(p, field)
	w.Source.validate(p, field+".Source", e, w)
	p.requireRange(field+".Min", w.Min, 0, 1000)
	p.require(w.Max >= max(w.Min, 1) && w.Max <= 1000,
		field+".Max", w.Max, fmt.Sprintf("allowed are %d to 1000", max(w.Min, 1)), "write at least Min, and at least 1")
	p.requireRange(field+".BacklogPerTask", w.BacklogPerTask, 1, 10_000_000)
	p.requireRange(field+".Concurrency", w.Concurrency, 1, 1000)
	p.requireDuration(field+".StopTimeout", w.StopTimeout, 10*time.Second, maxStopTimeout)
}

// validateWorkerNames requires a process in the Procfile for every entry: a misspelt name would silently keep the defaults.
func (e Environment) validateWorkerNames(p *problems, processes []Process) {
	if processes == nil {
		return
	}
	var names []string
	for _, process := range processes {
		if process.Role == RoleWorker {
			names = append(names, process.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Workers)) {
		p.require(name == defaultWorker || slices.Contains(names, name),
			"Workers", name, fmt.Sprintf("the Procfile has no such process; its workers are %s", listed(names)),
			"correct the name or remove the entry")
	}
	_, ok := e.Workers[defaultWorker]
	p.require(ok, `Workers["worker"]`, "missing", "every worker without an entry of its own uses it", "add it")
}

func (m Migration) validate(p *problems) {
	m.Task.validate(p, "Migration")
	p.require(m.SpotPercent == 0,
		"Migration.SpotPercent", m.SpotPercent, "a migration on Spot could be interrupted half-way", "write 0")
	p.requireDuration("Migration.Deadline", m.Deadline, time.Minute, 55*time.Minute)
	p.requireRange("Migration.KeepSnapshots", m.KeepSnapshots, 1, 20)
	p.require(!m.SnapshotFirst || m.RunOnDeploy,
		"Migration.SnapshotFirst", m.SnapshotFirst, "the gate takes the snapshot, and RunOnDeploy is false", "set RunOnDeploy to true")
}
