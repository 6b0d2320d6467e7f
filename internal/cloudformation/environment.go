package cloudformation

import (
	"encoding/json"
	"io/fs"
	"path"

	"dozen/internal/assembly"
)

// Environment is a synthesized environment, ready to be deployed any number of times.
type Environment struct {
	templates []*template // each after those that it depends on
}

// Read reads an environment of a cloud assembly. An error says which resource has a type that the table of schemas lacks.
func Read(files fs.FS, name string) (*Environment, error) {
	read, err := assembly.Read(files)
	if err != nil {
		return nil, err
	}
	found, err := read.Environment(name)
	if err != nil {
		return nil, err
	}
	e := &Environment{}
	for _, stack := range found.Stacks {
		t, err := compile(stack)
		if err != nil {
			return nil, err
		}
		if t.terminationProtection, err = terminationProtection(files, stack); err != nil {
			return nil, err
		}
		e.templates = append(e.templates, t)
	}
	return e, nil
}

// terminationProtection reads from the manifest next to a template whether its stack is protected.
func terminationProtection(files fs.FS, stack *assembly.Stack) (bool, error) {
	data, err := fs.ReadFile(files, path.Join(path.Dir(stack.File), "manifest.json"))
	if err != nil {
		return false, err
	}
	var manifest struct {
		Artifacts map[string]struct {
			Properties struct {
				StackName             string
				TerminationProtection bool
			}
		}
	}
	err = json.Unmarshal(data, &manifest)
	for _, artifact := range manifest.Artifacts {
		if artifact.Properties.StackName == stack.Name && artifact.Properties.TerminationProtection {
			return true, nil
		}
	}
	return false, err
}
