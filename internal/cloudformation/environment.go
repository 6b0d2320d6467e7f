package cloudformation

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"

	"dozen/internal/assembly"
)

// Environment is a synthesized environment, ready to be deployed any number of times.
type Environment struct {
	Name string

	templates []*template // each after those that it depends on
}

// Read reads an environment of a cloud assembly. The error names a resource whose type is not in the table of schemas:
// scripts/schemas.mjs adds it.
func Read(files fs.FS, name string) (*Environment, error) {
	read, err := assembly.Read(files)
	if err != nil {
		return nil, err
	}
	found, err := read.Environment(name)
	if err != nil {
		return nil, err
	}
	e := &Environment{Name: name}
	protected := map[string]bool{}
	for _, stack := range found.Stacks {
		if err := terminationProtection(files, path.Dir(stack.File), protected); err != nil {
			return nil, err
		}
		t, err := compile(stack)
		if err != nil {
			return nil, err
		}
		t.terminationProtection = protected[stack.Name]
		e.templates = append(e.templates, t)
	}
	return e, nil
}

// terminationProtection reads from a manifest which stacks are protected, by their names.
func terminationProtection(files fs.FS, directory string, protected map[string]bool) error {
	data, err := fs.ReadFile(files, path.Join(directory, "manifest.json"))
	if err != nil {
		return err
	}
	var manifest struct {
		Artifacts map[string]struct {
			Properties struct {
				StackName             string
				TerminationProtection bool
			}
		}
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return fmt.Errorf("%s/manifest.json: %w", directory, err)
	}
	for id, artifact := range manifest.Artifacts {
		name := artifact.Properties.StackName
		if name == "" {
			name = id
		}
		protected[name] = artifact.Properties.TerminationProtection
	}
	return nil
}

// Parse makes an environment of hand-written templates, for tests: each is a name and its JSON or a parsed stack.
func Parse(name string, templates ...Template) (*Environment, error) {
	e := &Environment{Name: name}
	for _, source := range templates {
		stack, err := assembly.ParseTemplate([]byte(source.JSON))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.Stack, err)
		}
		stack.Name = source.Stack
		t, err := compile(stack)
		if err != nil {
			return nil, err
		}
		t.terminationProtection = source.TerminationProtection
		e.templates = append(e.templates, t)
	}
	return e, nil
}

// Template is a hand-written template of one stack.
type Template struct {
	Stack                 string // its name in CloudFormation
	JSON                  string
	TerminationProtection bool
}
