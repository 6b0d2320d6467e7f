package test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/internal/assembly"
)

// pairs is how often BenchmarkSynth runs each side. The sides take turns, so that a machine that gets slower slows both.
const pairs = 5

// twinApp makes the same resources as an ordinary JavaScript app, from the templates that Dozen has just synthesized. It runs
// in the root of the repository.
const twinApp = "test/twin/app.js"

// BenchmarkSynth measures what Go costs: Dozen's synthesis of all three environments against test/twin, with AWS's validator
// and cdk-nag in both. It first times the real command, including the compilation, then the two apps alone, without the CLI.
// It compares the results before it times anything: a twin that makes less would win unfairly. What the twin does not do is
// the work of constructs that make many resources, so the ratio errs against Dozen.
func BenchmarkSynth(b *testing.B) {
	b.Run("Command", func(b *testing.B) {
		npx := []string{"npx", "--no-install", "cdk", "synth", "--quiet", "**"}
		takeTurns(b,
			side{npx, "--output", nil},
			side{append(slices.Clone(npx), "--app", node()+" "+twinApp), "--output", nil})
	})
	b.Run("App", func(b *testing.B) {
		context := []string{"CDK_CONTEXT_JSON=" + plain(cdkContext())} // what the CLI tells its app
		takeTurns(b,
			side{[]string{"scripts/app"}, "", context},
			side{[]string{node(), twinApp}, "", context})
	})
}

// side is a command that writes an assembly into the directory that the option names, or without an option CDK_OUTDIR.
type side struct {
	command   []string
	option    string
	variables []string
}

// cost is what one run of a command took: elapsed seconds, and processor seconds of the command and all that it started.
type cost struct{ wall, cpu float64 }

// node returns the Node that runs the JavaScript of both sides: JSII_NODE, as for Dozen's own synthesis, or the one on the path.
func node() string {
	if chosen := os.Getenv("JSII_NODE"); chosen != "" {
		return chosen
	}
	return "node"
}

func takeTurns(b *testing.B, ours, twin side) {
	first, second := filepath.Join(scratch(), b.Name(), "ours"), filepath.Join(scratch(), b.Name(), "twin")
	twin.variables = append(slices.Clone(twin.variables), "TWIN_OF="+first)
	ours.run(b, first) // also compiles what is not compiled yet
	twin.run(b, second)
	sameResources(b, first, second)
	var a, c []cost
	for b.Loop() {
		for range pairs {
			a, c = append(a, ours.run(b, first)), append(c, twin.run(b, second))
		}
	}
	wall, cpu := func(c cost) float64 { return c.wall }, func(c cost) float64 { return c.cpu }
	b.ReportMetric(0, "ns/op") // of five pairs: has no meaning
	b.ReportMetric(median(a, wall), "dozen-s")
	b.ReportMetric(median(c, wall), "twin-s")
	b.ReportMetric(medianRatio(a, c, wall), "ratio")
	b.ReportMetric(median(a, cpu), "dozen-cpu-s")
	b.ReportMetric(median(c, cpu), "twin-cpu-s")
	b.ReportMetric(medianRatio(a, c, cpu), "cpu-ratio")
}

func (s side) run(b *testing.B, directory string) cost {
	b.Helper()
	must(os.RemoveAll(directory))
	arguments, variables := s.command[1:], slices.Clone(s.variables)
	if s.option != "" {
		arguments = append(slices.Clone(arguments), s.option, directory)
	} else {
		variables = append(variables, "CDK_OUTDIR="+directory)
	}
	command := exec.Command(s.command[0], arguments...)
	command.Dir = root
	// TestMain has switched the validator off for the tests.
	command.Env = append(slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "CDK_") }), variables...)
	start := time.Now()
	output, err := command.CombinedOutput()
	wall := time.Since(start)
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, output)
	}
	state := command.ProcessState
	return cost{wall.Seconds(), (state.UserTime() + state.SystemTime()).Seconds()}
}

// sameResources ends the benchmark unless two assemblies have the same stacks with the same resources: every property and
// attribute. Only the order of a DependsOn has no meaning.
func sameResources(b *testing.B, ours, twin string) {
	b.Helper()
	first, second := resourcesByPath(ours), resourcesByPath(twin)
	if len(first) < 300 {
		b.Fatalf("only %d resources in three environments", len(first))
	}
	for _, path := range slices.Sorted(maps.Keys(first)) {
		if first[path] != second[path] {
			b.Errorf("%s is %s, the twin's is %s", path, first[path], second[path])
		}
		delete(second, path)
	}
	if b.Failed() || len(second) > 0 {
		b.Fatalf("correct test/twin; only the twin has: %v", slices.Sorted(maps.Keys(second)))
	}
}

// resourcesByPath returns the resources of an assembly as JSON, by stack and logical id.
func resourcesByPath(directory string) map[string]string {
	whole, err := assembly.Read(os.DirFS(directory))
	must(err)
	found := map[string]string{}
	for _, e := range whole.Environments {
		for _, r := range e.Resources("") {
			comparable := *r
			comparable.Stack, comparable.DependsOn = nil, slices.Sorted(slices.Values(r.DependsOn))
			found[r.Stack.ID+"/"+r.ID] = plain(comparable)
		}
	}
	return found
}

func median(costs []cost, of func(cost) float64) float64 {
	values := make([]float64, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// medianRatio returns the median of the ratios pair by pair.
func medianRatio(a, b []cost, of func(cost) float64) float64 {
	ratios := make([]cost, len(a))
	for i := range a {
		ratios[i] = cost{wall: of(a[i]) / of(b[i])}
	}
	return median(ratios, func(c cost) float64 { return c.wall })
}
