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

// reader collects the environments of an assembly, directory by directory.
type reader struct {
	files        fs.FS
	environments []*Environment
	visited      map[string]bool // directories: one that is its own parent would never end
}

// directory reads one directory of the assembly as an environment, and the directories nested in it as further ones.
func (r *reader) directory(directory, name string) error {
	file := path.Join(directory, "manifest.json")
	if r.visited[directory] {
		return fmt.Errorf("%s: more than one artifact leads here; synthesize again", file)
	}
	r.visited[directory] = true
	var m manifest
	if err := r.json(file, &m); err != nil {
		return err
	}
	e := &Environment{Name: name}
	for _, id := range inOrder(m.Artifacts) {
		artifact := m.Artifacts[id]
		var err error
		switch artifact.Type {
		case "aws:cloudformation:stack":
			err = r.stack(e, file, id, artifact)
		case "cdk:asset-manifest":
			err = r.images(e, file, id, artifact.Properties.File)
		case "cdk:cloud-assembly":
			err = r.nested(file, id, artifact)
		}
		if err != nil {
			return err
		}
	}
	if len(e.Stacks) > 0 {
		r.environments = append(r.environments, e)
	}
	return nil
}

func (r *reader) nested(manifest, id string, artifact artifact) error {
	directory, err := within(manifest, id, artifact.Properties.DirectoryName)
	if err != nil {
		return err
	}
	return r.directory(directory, first(artifact.Properties.DisplayName, id))
}

func (r *reader) stack(e *Environment, manifest, id string, artifact artifact) error {
	file, err := within(manifest, id, artifact.Properties.TemplateFile)
	if err != nil {
		return err
	}
	data, err := fs.ReadFile(r.files, file)
	if err != nil {
		return err
	}
	stack, err := ParseTemplate(data)
	if err != nil {
		return fmt.Errorf("%s: %w; synthesize again", file, err)
	}
	stack.Name, stack.ID, stack.File = first(artifact.Properties.StackName, id), first(artifact.DisplayName, id), file
	if parts := strings.Split(strings.TrimPrefix(artifact.Environment, "aws://"), "/"); len(parts) == 2 {
		stack.Account, stack.Region = known(parts[0]), known(parts[1])
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

func (r *reader) images(e *Environment, manifest, id, name string) error {
	file, err := within(manifest, id, name)
	if err != nil {
		return err
	}
	var assets struct {
		DockerImages map[string]struct {
			Source struct {
				Directory, DockerFile, Platform, DockerBuildTarget string
				DockerBuildArgs                                    map[string]string
			}
		}
	}
	if err := r.json(file, &assets); err != nil {
		return err
	}
	for _, hash := range sortedKeys(assets.DockerImages) {
		source := assets.DockerImages[hash].Source
		if source.Directory == "" {
			continue // a command of somebody's own makes this image
		}
		context, err := within(file, hash, source.Directory)
		if err != nil {
			return err
		}
		e.Images = append(e.Images, Image{
			Hash: hash, Directory: context, Dockerfile: first(source.DockerFile, "Dockerfile"),
			Platform: source.Platform, BuildArgs: source.DockerBuildArgs, Target: source.DockerBuildTarget,
		})
	}
	return nil
}

// within is the path of what an artifact in a manifest names. Nothing outside of the assembly is ever read.
func within(manifest, artifact, name string) (string, error) {
	joined := path.Join(path.Dir(manifest), name)
	if name == "" || path.IsAbs(name) || !fs.ValidPath(joined) {
		return "", fmt.Errorf("%s: artifact %s: %q is not a path within the assembly; synthesize again", manifest, artifact, name)
	}
	return joined, nil
}

func (r *reader) json(name string, into any) error {
	data, err := fs.ReadFile(r.files, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w; synthesize again", name, plainly(err))
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

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// first is the first of two texts that says something.
func first(text, fallback string) string {
	if text != "" {
		return text
	}
	return fallback
}
