package assembly

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

// written is an assembly with one environment, dev, whose stacks have these templates by name.
func written(templates map[string]string) fstest.MapFS {
	artifacts := map[string]any{}
	files := fstest.MapFS{
		"manifest.json": {Data: []byte(`{"artifacts":{"assembly-dev":{"type":"cdk:cloud-assembly","properties":{"directoryName":"assembly-dev","displayName":"dev"}}}}`)},
	}
	for name, template := range templates {
		artifacts[name] = map[string]any{
			"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region", "displayName": "dev/" + name,
			"properties": map[string]any{"templateFile": name + ".template.json", "stackName": name},
		}
		files["assembly-dev/"+name+".template.json"] = &fstest.MapFile{Data: []byte(template)}
	}
	manifest, err := json.Marshal(map[string]any{"artifacts": artifacts})
	if err != nil {
		panic(err)
	}
	files["assembly-dev/manifest.json"] = &fstest.MapFile{Data: manifest}
	return files
}

// environment reads what written wrote.
func environment(t *testing.T, templates map[string]string) *Environment {
	t.Helper()
	a, err := Read(written(templates))
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Environment("dev")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// resourceWith returns a resource, It, whose only property X has the value, in an environment whose stack A also has a
// resource Other and the sections.
func resourceWith(t *testing.T, value, sections string, others map[string]string) (*Environment, *Resource) {
	t.Helper()
	const template = `{"Resources":{"It":{"Type":"Custom::It","Properties":{"X":%s}},"Other":{"Type":"Custom::Other"}}%s}`
	templates := map[string]string{"A": fmt.Sprintf(template, value, comma(sections))}
	maps.Copy(templates, others)
	e := environment(t, templates)
	return e, e.Resources("Custom::It")[0]
}

func comma(sections string) string {
	if sections == "" {
		return ""
	}
	return "," + sections
}

// resolved returns the property X as JSON, or its problem.
func resolved(t *testing.T, value, sections string, others map[string]string) string {
	t.Helper()
	e, resource := resourceWith(t, value, sections, others)
	p := e.Read(resource, Symbolic).At("X")
	plain := p.resolved()
	if p.Err() != nil {
		return p.Err().Error()
	}
	text, err := json.Marshal(plain)
	if err != nil {
		t.Fatalf("%v is not plain: %v", plain, err)
	}
	return string(text)
}

// contains checks that a message contains every part.
func contains(t *testing.T, what, message string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(message, part) {
			t.Errorf("%s: %q lacks %q", what, message, part)
		}
	}
}

// same compares two things by their JSON.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Errorf("%s is %s, want %s", what, g, w)
	}
}
