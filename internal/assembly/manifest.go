package assembly

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// manifest is the part of manifest.json that matters here.
type manifest struct {
	Artifacts map[string]artifact
}

type artifact struct {
	Type         string
	Environment  string // aws://account/region
	DisplayName  string
	Dependencies []string
	Properties   struct {
		DirectoryName, DisplayName string // of a nested assembly
		TemplateFile, StackName    string // of a stack
		File                       string // of an asset manifest
	}
}

// read adds the environment in one directory of the assembly, and those in the directories nested in it.
func (a *Assembly) read(files fs.FS, directory, name string) error {
	var m manifest
	if err := readJSON(files, path.Join(directory, "manifest.json"), &m); err != nil {
		return err
	}
	e := &Environment{Name: name}
	for _, id := range inOrder(m.Artifacts) {
		var err error
		properties := m.Artifacts[id].Properties
		switch m.Artifacts[id].Type {
		case "aws:cloudformation:stack":
			err = e.readStack(files, directory, m.Artifacts[id])
		case "cdk:asset-manifest":
			err = e.readImages(files, directory, properties.File)
		case "cdk:cloud-assembly":
			nested := path.Join(directory, properties.DirectoryName)
			if nested == directory || !fs.ValidPath(nested) {
				err = fmt.Errorf("%s: artifact %s: the directory %q is not one below the assembly", path.Join(directory, "manifest.json"), id, properties.DirectoryName)
				break
			}
			err = a.read(files, nested, first(properties.DisplayName, id))
		}
		if err != nil {
			return err
		}
	}
	if len(e.Stacks) > 0 {
		a.Environments = append(a.Environments, e)
	}
	return nil
}

func (e *Environment) readStack(files fs.FS, directory string, artifact artifact) error {
	stack := &Stack{Name: artifact.Properties.StackName, ID: artifact.DisplayName, File: path.Join(directory, artifact.Properties.TemplateFile)}
	if parts := strings.Split(strings.TrimPrefix(artifact.Environment, "aws://"), "/"); len(parts) == 2 {
		stack.Account, stack.Region = known(parts[0]), known(parts[1])
	}
	if err := readJSON(files, stack.File, stack); err != nil {
		return err
	}
	for id, resource := range stack.Resources {
		if resource == nil {
			return fmt.Errorf("%s: resource %s is empty; synthesize again", stack.File, id)
		}
		resource.ID, resource.Stack = id, stack
	}
	e.Stacks = append(e.Stacks, stack)
	return nil
}

// known is an account or region, or nothing where the synthesis left it open.
func known(part string) string {
	if strings.HasPrefix(part, "unknown-") {
		return ""
	}
	return part
}

func (e *Environment) readImages(files fs.FS, directory, file string) error {
	var assets struct {
		DockerImages map[string]struct {
			Source struct {
				Directory, DockerFile, Platform, DockerBuildTarget string
				DockerBuildArgs                                    map[string]string
			}
		}
	}
	if err := readJSON(files, path.Join(directory, file), &assets); err != nil {
		return err
	}
	for _, hash := range sortedKeys(assets.DockerImages) {
		source := assets.DockerImages[hash].Source
		e.Images = append(e.Images, Image{
			Hash: hash, Directory: path.Join(directory, source.Directory), Dockerfile: first(source.DockerFile, "Dockerfile"),
			Platform: source.Platform, BuildArgs: source.DockerBuildArgs, Target: source.DockerBuildTarget,
		})
	}
	return nil
}

// inOrder lists artifacts so that each comes after those that it depends on, and otherwise by name. A circle, which no
// deployment could follow either, is broken where it is met.
func inOrder(artifacts map[string]artifact) []string {
	var order []string
	visited := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		artifact, exists := artifacts[id]
		if visited[id] || !exists {
			return
		}
		visited[id] = true
		for _, dependency := range slices.Sorted(slices.Values(artifact.Dependencies)) {
			visit(dependency)
		}
		order = append(order, id)
	}
	for _, id := range sortedKeys(artifacts) {
		visit(id)
	}
	return order
}

func readJSON(files fs.FS, name string, into any) error {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w; synthesize again", name, err)
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// first is the first of two texts that says something.
func first(text, fallback string) string {
	if text != "" {
		return text
	}
	return fallback
}
