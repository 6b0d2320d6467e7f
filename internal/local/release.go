package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dozen/internal/assembly"
	"dozen/internal/local/balancer"
	"dozen/internal/local/container"
)

// release is one synthesized environment, built and ready to run here.
type release struct {
	revision string // such as 2-bdc415202da1: its number here, and the image's hash
	program  container.Program
	gates    []gate
	services []serviceDefinition
	admin    definition         // for one-off commands
	front    *balancer.Settings // nil for an environment without load balancer
}

// serviceDefinition is a service of a release.
type serviceDefinition struct {
	assembly.Service
	definition
}

// load reads an environment of an assembly and builds its image.
func (e *environment) load(ctx context.Context, directory string, out io.Writer) (*release, error) {
	env, err := read(directory, e.settings.Environment)
	if err != nil {
		return nil, err
	}
	r, err := e.attached.ready(env)
	if err != nil {
		return nil, err
	}
	image := env.Images[0]
	source := container.Source{Image: image, Path: filepath.Join(directory, filepath.FromSlash(image.Directory)), Commands: r.commands()}
	if r.program, err = e.build(ctx, source, out); err != nil {
		return nil, err
	}
	e.number++
	r.revision = fmt.Sprintf("%d-%.12s", e.number, image.Hash)
	return r, nil
}

func read(directory, name string) (*assembly.Environment, error) {
	all, err := assembly.Read(os.DirFS(directory))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", directory, err)
	}
	env, err := all.Environment(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", directory, err)
	}
	if len(env.Images) != 1 {
		return nil, fmt.Errorf("%s: environment %q builds %d images; one image with many processes can run here", directory, name, len(env.Images))
	}
	return env, nil
}

// ready turns the templates' services and gates into definitions, and gives all problems at once.
func (a *attached) ready(env *assembly.Environment) (*release, error) {
	all, err := env.TaskDefinitions(a.answers)
	if err != nil {
		return nil, err
	}
	services, err := env.Services(a.answers)
	if err != nil {
		return nil, err
	}
	definitions := map[*assembly.Resource]assembly.TaskDefinition{}
	for _, d := range all {
		definitions[d.Resource] = d
	}
	r := &release{}
	var problems []error
	if r.gates, err = a.gates(env, definitions); err != nil {
		problems = append(problems, err)
	}
	for _, s := range services {
		d, err := a.define(env, processName(s.Name), definitions[s.TaskDefinition])
		if err != nil {
			problems = append(problems, err)
		}
		r.services = append(r.services, serviceDefinition{s, d})
		if r.admin.process == "" || d.process == "web" {
			r.admin = d
		}
	}
	if r.front, err = a.front(env, services); err != nil {
		problems = append(problems, err)
	}
	for process := range a.settings.Scale {
		if !slices.ContainsFunc(r.services, func(s serviceDefinition) bool { return s.process == process }) {
			problems = append(problems, fmt.Errorf("--scale: no process %q; there are: %s", process, strings.Join(r.processes(), ", ")))
		}
	}
	if len(r.services) == 0 {
		problems = append(problems, fmt.Errorf("environment %q has no service", env.Name))
	}
	return r, errors.Join(problems...)
}

func (r *release) processes() []string {
	var names []string
	for _, s := range r.services {
		names = append(names, s.process)
	}
	slices.Sort(names)
	return names
}

// commands are the programs that the release's tasks call.
func (r *release) commands() []string {
	seen := map[string]bool{}
	var names []string
	add := func(d definition) {
		words := append(append([]string{}, d.container.EntryPoint...), d.container.Command...)
		if len(words) > 0 && !seen[words[0]] {
			seen[words[0]] = true
			names = append(names, words[0])
		}
	}
	for _, s := range r.services {
		add(s.definition)
	}
	for _, g := range r.gates {
		add(g.definition)
	}
	return names
}

// migrate runs the release's gates one after the other; only when each exits with code 0 may any service change.
func (e *environment) migrate(ctx context.Context, r *release) error {
	for _, g := range r.gates {
		if err := e.pass(ctx, r, g); err != nil {
			return err
		}
	}
	return nil
}

func (e *environment) pass(ctx context.Context, r *release, g gate) error {
	ctx, done := context.WithTimeout(ctx, g.deadline)
	defer done()
	out := e.out.task("release", "release")
	started, err := e.platform.Start(r.program, g.definition.spec("release-"+r.revision, 0), out)
	if err != nil {
		return err
	}
	select {
	case <-started.Done():
	case <-ctx.Done():
		started.Stop()
		<-started.Done()
	}
	code, signal := started.Exit()
	reason := strings.TrimSpace(fmt.Sprintf("ended with exit code %d %s", code, signal))
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		reason = fmt.Sprintf("was stopped at its deadline, after %s", g.deadline)
	case ctx.Err() != nil:
		return ctx.Err()
	case code == 0:
		return nil
	}
	return fmt.Errorf("the release task %s; no service was changed.%s Its last lines:\n  %s", reason, e.hint(code), strings.Join(out.tail(), "\n  "))
}

// hint tells a container engine's own failures, which have these exit codes, from the app's.
func (e *environment) hint(code int) string {
	if _, is := e.platform.(*container.Engine); is && 125 <= code && code <= 127 {
		return fmt.Sprintf(" That is %s itself, which could not start the container; `--engine none` runs processes.", e.platform)
	}
	return ""
}
