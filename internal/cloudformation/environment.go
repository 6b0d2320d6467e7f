package cloudformation

import (
	"io/fs"

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
		t.terminationProtection = stack.TerminationProtection
		e.templates = append(e.templates, t)
	}
	return e, nil
}
