package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"dozen/config"
	"dozen/internal/assembly"
	"dozen/internal/local/balancer"
	"dozen/internal/local/container"
)

// release is a version of the app and its definitions, built and ready to run here.
type release struct {
	name       string // such as 2-bdc415202da1: its number here, and the version
	program    container.Program
	migrations []migration
	services   []serviceDefinition
	admin      definition         // for one-off commands
	front      *balancer.Settings // nil for an environment without load balancer
}

// serviceDefinition is a service of a release.
type serviceDefinition struct {
	assembly.Service
	definition
}

// taskDefinitions are the task definitions of an environment by their resources.
type taskDefinitions map[*assembly.Resource]assembly.TaskDefinition

// loadRelease reads an assembly's environment and builds its image.
func (e *environment) loadRelease(ctx context.Context, directory string, out io.Writer) (*release, error) {
	env, err := readEnvironment(directory, e.settings.Environment)
	if err != nil {
		return nil, err
	}
	r, err := e.backing.templates.of(env).release()
	if err != nil {
		return nil, err
	}
	image, err := r.image(env)
	if err != nil {
		return nil, err
	}
	modules, err := filepath.Abs(filepath.Join(e.settings.App, "node_modules"))
	if err != nil {
		return nil, err
	}
	r.program, err = e.build(ctx, container.Source{
		Image:    image,
		Path:     filepath.Join(directory, filepath.FromSlash(image.Directory)),
		Commands: r.commands(),
		Modules:  modules,
	}, out)
	if err != nil {
		return nil, err
	}
	e.number++
	r.name = fmt.Sprintf("%d-%.12s", e.number, image.Hash)
	return r, nil
}

func readEnvironment(directory, name string) (*assembly.Environment, error) {
	all, err := assembly.Read(os.DirFS(directory))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", directory, err)
	}
	env, err := all.Environment(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", directory, err)
	}
	return env, nil
}

// image returns the image of the app, which all processes share. The proxy's image is another one.
func (r *release) image(env *assembly.Environment) (assembly.Image, error) {
	var images []assembly.Image
	for _, s := range r.services {
		image := *env.Built(s.container)
		if !slices.ContainsFunc(images, func(other assembly.Image) bool { return other.Hash == image.Hash }) {
			images = append(images, image)
		}
	}
	if len(images) != 1 {
		return assembly.Image{}, fmt.Errorf("environment %q builds %d images of the app; "+
			"only an environment with one image for all processes can run here", env.Name, len(images))
	}
	return images[0], nil
}

// release turns the templates' services and migrations into definitions. The error has every problem.
func (t *templates) release() (*release, error) {
	all, err := t.env.TaskDefinitions(t.answer)
	if err != nil {
		return nil, err
	}
	definitions := taskDefinitions{}
	for _, d := range all {
		definitions[d.Resource] = d
	}
	services, err := t.env.Services(t.answer)
	if err != nil {
		return nil, err
	}
	r := &release{}
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	r.migrations, err = t.migrations(definitions)
	note(err)
	note(t.addServices(r, services, definitions))
	r.front, err = t.front(services)
	note(err)
	note(t.requireScaled(r))
	if len(services) == 0 {
		note(fmt.Errorf("environment %q has no service", t.env.Name))
	}
	return r, errors.Join(problems...)
}

// addServices adds the definitions of the services to a release.
func (t *templates) addServices(r *release, services []assembly.Service, definitions taskDefinitions) error {
	var problems []error
	for _, s := range services {
		if s.Process == "" {
			problems = append(problems, fmt.Errorf("%s does not have the tag Process with its name in the Procfile; "+
				"synthesize the assembly again", s.Resource))
			continue
		}
		d, err := t.define(s.Process, definitions[s.TaskDefinition])
		if err != nil {
			problems = append(problems, err)
		}
		r.services = append(r.services, serviceDefinition{s, d})
		if r.admin.process == "" || d.process == "web" {
			r.admin = d
		}
	}
	return errors.Join(problems...)
}

// requireScaled returns a problem for each process in --scale that the release does not have.
func (t *templates) requireScaled(r *release) error {
	var problems []error
	for _, process := range sorted(t.settings.Scale) {
		if !slices.Contains(r.processes(), process) {
			names := strings.Join(r.processes(), ", ")
			problems = append(problems, fmt.Errorf("--scale: no process %q; there are: %s", process, names))
		}
	}
	return errors.Join(problems...)
}

// processes returns the names of the processes that have a service, in alphabetical order.
func (r *release) processes() []string {
	var names []string
	for _, s := range r.services {
		names = append(names, s.process)
	}
	slices.Sort(names)
	return names
}

// commands returns the programs that the release's tasks start, without those of this machine that a script starts.
func (r *release) commands() []string {
	seen := map[string]bool{}
	var names []string
	add := func(d definition) {
		words := slices.Concat(d.container.EntryPoint, d.container.Command)
		programs := config.Programs(words)
		if len(words) > 0 && config.IsShell(words[0]) { // some of a script's programs are this machine's
			programs = slices.DeleteFunc(programs, func(name string) bool {
				_, err := exec.LookPath(name)
				return err == nil
			})
		}
		for _, name := range programs {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	for _, s := range r.services {
		add(s.definition)
	}
	for _, m := range r.migrations {
		add(m.definition)
	}
	return names
}
