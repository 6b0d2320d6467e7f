package assembly

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Assembly is one synthesis.
type Assembly struct {
	// Environments are the stages, by their name. Stacks outside of any stage are in one whose name is empty.
	Environments []*Environment
}

// Environment is one stage: what `cdk deploy 'NAME/*'` deploys.
type Environment struct {
	Name   string
	Stacks []*Stack // each after those that it depends on
	Images []Image
}

// Image is a container image that a deployment builds and pushes before anything else.
type Image struct {
	Hash       string // of everything that goes into it; also its tag
	Directory  string // the build's context, a path within the assembly's file system, such as asset.1b07
	Dockerfile string // within the directory; "Dockerfile" by default
	Platform   string // such as "linux/arm64"; empty is the builder's own
	BuildArgs  map[string]string
	Target     string // stage of the Dockerfile; empty is the last one
}

// Read reads an assembly, usually of os.DirFS("cdk.out"). Its errors say which file is missing or broken.
func Read(files fs.FS) (*Assembly, error) {
	r := reader{files: files, visited: map[string]bool{}}
	if err := r.directory(".", ""); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("not a whole cloud assembly: %w; synthesize it again", err)
		}
		return nil, err
	}
	slices.SortStableFunc(r.environments, func(x, y *Environment) int { return strings.Compare(x.Name, y.Name) })
	return &Assembly{Environments: r.environments}, nil
}

// Environment finds an environment by its name. The error for another name lists those that there are.
func (a *Assembly) Environment(name string) (*Environment, error) {
	var known []string
	for _, e := range a.Environments {
		if e.Name == name {
			return e, nil
		}
		known = append(known, fmt.Sprintf("%q", e.Name))
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("no environment %q in the assembly, nor any other; synthesize it again", name)
	}
	return nil, fmt.Errorf("no environment %q in the assembly; there are: %s", name, strings.Join(known, ", "))
}

// Resources lists the resources of a type in all stacks, in the order of their logical ids; the empty type lists all.
func (e *Environment) Resources(resourceType string) []*Resource {
	var found []*Resource
	for _, stack := range e.Stacks {
		for _, id := range sortedKeys(stack.Resources) {
			if r := stack.Resources[id]; resourceType == "" || r.Type == resourceType {
				found = append(found, r)
			}
		}
	}
	return found
}

// stack finds a stack by the name that CloudFormation knows it under.
func (e *Environment) stack(name string) *Stack {
	for _, stack := range e.Stacks {
		if stack.Name == name {
			return stack
		}
	}
	return nil
}
