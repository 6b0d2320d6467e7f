package assembly

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// manifest is the part of manifest.json that is read.
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
		TerminationProtection      bool   // of a stack
		File                       string // of an asset manifest
	}
}

// reader collects the environments of an assembly, directory by directory.
type reader struct {
	files        fs.FS
	environments []*Environment
	visited      map[string]bool // directories: a directory nested in itself would never end
}

// directory reads one directory of the assembly as an environment, and the directories nested in it as further
// environments.
func (r *reader) directory(directory, name string) error {
	file := path.Join(directory, "manifest.json")
	if r.visited[directory] {
		return fmt.Errorf("%s: more than one artifact names this directory; synthesize again", file)
	}
	r.visited[directory] = true
	var m manifest
	if err := r.json(file, &m); err != nil {
		return err
	}
	e := &Environment{Name: name}
	for _, id := range byDependency(m.Artifacts) {
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
	directory, err := assemblyPath(manifest, id, artifact.Properties.DirectoryName)
	if err != nil {
		return err
	}
	return r.directory(directory, cmp.Or(artifact.Properties.DisplayName, id))
}

func (r *reader) stack(e *Environment, manifest, id string, artifact artifact) error {
	file, err := assemblyPath(manifest, id, artifact.Properties.TemplateFile)
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
	stack.Name = cmp.Or(artifact.Properties.StackName, id)
	stack.ID = cmp.Or(artifact.DisplayName, id)
	stack.File = file
	stack.TerminationProtection = artifact.Properties.TerminationProtection
	if parts := strings.Split(strings.TrimPrefix(artifact.Environment, "aws://"), "/"); len(parts) == 2 {
		stack.Account, stack.Region = unlessUnknown(parts[0]), unlessUnknown(parts[1])
	}
	e.Stacks = append(e.Stacks, stack)
	return nil
}

// unlessUnknown returns an account or a region, and "" if the synthesis has not fixed it.
func unlessUnknown(part string) string {
	if strings.HasPrefix(part, "unknown-") {
		return ""
	}
	return part
}

func (r *reader) images(e *Environment, manifest, id, name string) error {
	file, err := assemblyPath(manifest, id, name)
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
			continue // a command builds this image
		}
		context, err := assemblyPath(file, hash, source.Directory)
		if err != nil {
			return err
		}
		e.Images = append(e.Images, Image{
			Hash:       hash,
			Directory:  context,
			Dockerfile: cmp.Or(source.DockerFile, "Dockerfile"),
			Platform:   source.Platform,
			BuildArgs:  source.DockerBuildArgs,
			Target:     source.DockerBuildTarget,
		})
	}
	return nil
}

// assemblyPath returns the path of what an artifact in a manifest names. Nothing outside the assembly is ever read.
func assemblyPath(manifest, artifact, name string) (string, error) {
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
		return fmt.Errorf("%s: %w; synthesize again", name, withoutGoTypes(err))
	}
	return nil
}

// byDependency sorts artifacts so that each comes after those that it depends on, and otherwise by name. A circle,
// which no deployment could follow either, is broken where it is found.
func byDependency(artifacts map[string]artifact) []string {
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
