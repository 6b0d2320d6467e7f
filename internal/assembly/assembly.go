package assembly

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Assembly is the result of one synthesis.
type Assembly struct {
	// Environments are the stages, sorted by name. Stacks outside any stage are in an environment whose name is empty.
	Environments []*Environment
}

// Environment is one stage: what `cdk deploy 'NAME/*'` deploys.
type Environment struct {
	Name   string
	Stacks []*Stack // each after the stacks that it depends on
	Images []Image
}

// Image is a container image that a deployment builds and pushes before anything else.
type Image struct {
	Hash       string // of everything that goes into the image; also its tag
	Directory  string // the build's context, a path within the assembly's file system, such as asset.1b07
	Dockerfile string // within the directory; "Dockerfile" by default
	Platform   string // such as "linux/arm64"; the builder's own if empty
	BuildArgs  map[string]string
	Target     string // stage of the Dockerfile; the last one if empty
}

// Read reads an assembly, usually from os.DirFS("cdk.out"). Its errors say which file is missing or broken.
func Read(files fs.FS) (*Assembly, error) {
	r := reader{files: files, visited: map[string]bool{}}
	if err := r.directory(".", ""); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the cloud assembly is incomplete: %w; synthesize it again", err)
		}
		return nil, err
	}
	slices.SortStableFunc(r.environments, func(x, y *Environment) int { return strings.Compare(x.Name, y.Name) })
	return &Assembly{Environments: r.environments}, nil
}

// Environment returns an environment by its name. The error for an unknown name lists the known ones.
func (a *Assembly) Environment(name string) (*Environment, error) {
	var known []string
	for _, e := range a.Environments {
		if e.Name == name {
			return e, nil
		}
		known = append(known, fmt.Sprintf("%q", e.Name))
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("the assembly has no environment %q, and no other; synthesize it again", name)
	}
	return nil, fmt.Errorf("the assembly has no environment %q, only %s", name, strings.Join(known, ", "))
}

// Resources returns the resources of a type in all stacks, in the order of their logical ids, and all resources if the
// type is empty.
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

// stack returns a stack by its name in CloudFormation, nil if it does not exist.
func (e *Environment) stack(name string) *Stack {
	for _, stack := range e.Stacks {
		if stack.Name == name {
			return stack
		}
	}
	return nil
}
