package assembly

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// names are the stacks of an environment in their order.
func names(e *Environment) string {
	var all []string
	for _, stack := range e.Stacks {
		all = append(all, stack.Name)
	}
	return strings.Join(all, " ")
}

// stackManifest has stacks A, B, C and so on, all with the template t.json, each with the dependencies given for it.
func stackManifest(dependencies ...string) string {
	var artifacts []string
	for i, on := range dependencies {
		artifacts = append(artifacts, `"`+string(rune('A'+i))+`":{"type":"aws:cloudformation:stack","dependencies":[`+on+`],"properties":{"templateFile":"t.json"}}`)
	}
	return `{"artifacts":{` + strings.Join(artifacts, ",") + `}}`
}

// A deployment that updated services before the data they need would fail half-way. The order is that of the
// dependencies, also through assets in between, and a circle ends.
func TestStacksAreInTheOrderOfDeployment(t *testing.T) {
	for name, test := range map[string]struct{ manifest, want string }{
		"by name":   {stackManifest("", "", ""), "A B C"},
		"backwards": {stackManifest(`"B"`, `"C"`, ``), "C B A"},
		"diamond":   {stackManifest(`"B","C"`, `"D"`, `"D"`, ``), "D B C A"},
		"unknown":   {stackManifest(`"Z"`, ``), "A B"},
		"circle":    {stackManifest(`"B"`, `"C"`, `"A"`), "C B A"},
		"itself":    {stackManifest(`"A"`), "A"},
		"via asset": {`{"artifacts":{
			"A":{"type":"aws:cloudformation:stack","dependencies":["x.assets"],"properties":{"templateFile":"t.json"}},
			"B":{"type":"aws:cloudformation:stack","properties":{"templateFile":"t.json"}},
			"x.assets":{"type":"something:new","dependencies":["B"]}}}`, "B A"},
	} {
		a, err := Read(fstest.MapFS{"manifest.json": file(test.manifest), "t.json": file(`{}`)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := names(a.Environments[0]); got != test.want {
			t.Errorf("%s: the order is %s, want %s", name, got, test.want)
		}
	}
}

func TestStagesBecomeEnvironments(t *testing.T) {
	stack := func(name, environment string) string {
		return `{"artifacts":{"x":{"type":"aws:cloudformation:stack","environment":"` + environment + `","displayName":"` + name + `","properties":{"templateFile":"t.json","stackName":"` + name + `-stack"}}`
	}
	nested := func(directory, name string) string {
		return `,"n":{"type":"cdk:cloud-assembly","properties":{"directoryName":"` + directory + `","displayName":"` + name + `"}}`
	}
	a, err := Read(fstest.MapFS{
		"manifest.json":             file(stack("root", "aws://unknown-account/unknown-region") + nested("outer", "outer") + "}}"),
		"t.json":                    file(`{}`),
		"outer/manifest.json":       file(stack("middle", "aws://123456789012/eu-central-1") + nested("inner", "outer/inner") + "}}"),
		"outer/t.json":              file(`{"Resources":{"R":{"Type":"T"}}}`),
		"outer/inner/manifest.json": file(stack("leaf", "nonsense") + "}}"),
		"outer/inner/t.json":        file(`{}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range a.Environments {
		s := e.Stacks[0]
		found = append(found, strings.Join([]string{e.Name, s.ID, s.Name, s.File, s.Account, s.Region}, "|"))
	}
	same(t, "environments", found, []string{
		"|root|root-stack|t.json||",
		"outer|middle|middle-stack|outer/t.json|123456789012|eu-central-1",
		"outer/inner|leaf|leaf-stack|outer/inner/t.json||",
	})
	if _, err := a.Environment("prod"); err == nil {
		t.Error("there is no prod")
	} else {
		contains(t, "another name", err.Error(), `"prod"`, `"outer"`, `"outer/inner"`)
	}
	if got := a.Environments[1].Resources("T")[0].String(); got != "middle-stack: R (T)" {
		t.Errorf("the resource is %s", got)
	}
	empty, err := Read(fstest.MapFS{"manifest.json": file(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Environment("dev"); err == nil {
		t.Error("an empty assembly has no dev")
	}
}

const templateOf = `{"artifacts":{"A":{"type":"aws:cloudformation:stack","properties":{"templateFile":"t.json"}}}}`

// The error for a half-written cdk.out names the file and says what to do. A template that CloudFormation would reject
// is rejected, with the name of the resource that is wrong.
func TestBrokenAssemblies(t *testing.T) {
	template := func(text string) fstest.MapFS {
		return fstest.MapFS{"manifest.json": file(templateOf), "t.json": file(text)}
	}
	manifest := func(text string) fstest.MapFS { return fstest.MapFS{"manifest.json": file(text)} }
	path := func(kind, property, value string) fstest.MapFS {
		return manifest(`{"artifacts":{"It":{"type":"` + kind + `","properties":{"` + property + `":"` + value + `"}}}}`)
	}
	const stack, images, nested = "aws:cloudformation:stack", "cdk:asset-manifest", "cdk:cloud-assembly"
	assets := func(text string) fstest.MapFS {
		files := path(images, "file", "a.json")
		files["a.json"] = file(text)
		return files
	}
	for name, test := range map[string]struct {
		files fstest.MapFS
		parts []string
	}{
		"nothing":                 {fstest.MapFS{}, []string{"manifest.json"}},
		"manifest cut off":        {manifest(`{"artifacts":`), []string{"manifest.json"}},
		"manifest of lists":       {manifest(`{"artifacts":[]}`), []string{"manifest.json", "Artifacts cannot be a JSON array"}},
		"artifact a string":       {manifest(`{"artifacts":{"A":"x"}}`), []string{"manifest.json", "cannot be a JSON string"}},
		"template missing":        {manifest(templateOf), []string{"t.json"}},
		"template cut off":        {template(`{"Resources":`), []string{"t.json", "not a CloudFormation template"}},
		"template a list":         {template(`[]`), []string{"t.json", "it cannot be a JSON array"}},
		"resources a list":        {template(`{"Resources":[]}`), []string{"t.json", "Resources cannot be a JSON array"}},
		"resource null":           {template(`{"Resources":{"R":null}}`), []string{"t.json", "resource R is null"}},
		"resource a string":       {template(`{"Resources":{"R":"x"}}`), []string{"t.json", "resource R: it cannot be a JSON string"}},
		"type a number":           {template(`{"Resources":{"R":{"Type":1}}}`), []string{"t.json", "resource R: Type cannot be a JSON number"}},
		"properties a list":       {template(`{"Resources":{"R":{"Properties":[]}}}`), []string{"t.json", "resource R: Properties cannot be a JSON array"}},
		"dependencies an object":  {template(`{"Resources":{"R":{"DependsOn":{}}}}`), []string{"t.json", "resource R: DependsOn must be"}},
		"condition an object":     {template(`{"Resources":{"R":{"Condition":{}}}}`), []string{"t.json", "resource R: Condition cannot be"}},
		"outputs a string":        {template(`{"Outputs":{"O":"x"}}`), []string{"t.json", "cannot be a JSON string"}},
		"no template named":       {path(stack, "templateFile", ""), []string{"manifest.json", "artifact It", `""`}},
		"template outside":        {path(stack, "templateFile", "../secret"), []string{"manifest.json", "artifact It", `"../secret"`}},
		"template absolute":       {path(stack, "templateFile", "/etc/passwd"), []string{"manifest.json", "artifact It", `"/etc/passwd"`}},
		"asset manifest missing":  {path(images, "file", "a.json"), []string{"a.json"}},
		"asset manifest outside":  {path(images, "file", "../a.json"), []string{"manifest.json", "artifact It"}},
		"asset manifest cut off":  {assets(`{`), []string{"a.json"}},
		"asset manifest of lists": {assets(`{"dockerImages":[]}`), []string{"a.json", "DockerImages cannot be a JSON array"}},
		"image outside":           {assets(`{"dockerImages":{"abc":{"source":{"directory":"../.."}}}}`), []string{"a.json", "artifact abc", `"../.."`}},
		"nested missing":          {path(nested, "directoryName", "dev"), []string{"dev/manifest.json"}},
		"nested in itself":        {path(nested, "directoryName", "."), []string{"manifest.json", "more than one artifact names"}},
		"nested outside":          {path(nested, "directoryName", ".."), []string{"manifest.json", "artifact It"}},
	} {
		_, err := Read(test.files)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		contains(t, name, err.Error(), append(test.parts, "synthesize")...)
	}
}

// An assembly that is nested in itself would be read forever.
func TestNestedAssembliesEnd(t *testing.T) {
	up := `{"artifacts":{"n":{"type":"cdk:cloud-assembly","properties":{"directoryName":".."}}}}`
	_, err := Read(fstest.MapFS{
		"manifest.json":   file(`{"artifacts":{"n":{"type":"cdk:cloud-assembly","properties":{"directoryName":"a"}}}}`),
		"a/manifest.json": file(up),
	})
	if err == nil {
		t.Fatal("a circle of directories is accepted")
	}
	contains(t, "circle", err.Error(), "manifest.json: more than one artifact names this directory")
}

// What this version does not know is ignored: types of artifacts, sections and resources.
func TestUnknownThingsAreNoErrors(t *testing.T) {
	files := written(map[string]string{"A": `{"Rules":{"R":1},"Transform":["x"],"Hooks":null,"Outputs":{"O":null},"Parameters":{"P":null},"Conditions":null,
		"Resources":{"New":{"Type":"AWS::New::Thing","Properties":{"X":{"Fn::New":[{"Fn::Newer":null}]}},"DependsOn":null,"NewAttribute":{}}}}`})
	files["manifest.json"] = file(strings.Replace(string(files["manifest.json"].Data), `"artifacts":{`, `"new":1,"artifacts":{"Tree":{"type":"cdk:tree","properties":{"file":"tree.json"}},`, 1))
	a, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	e, err := a.Environment("dev")
	if err != nil {
		t.Fatal(err)
	}
	resource := e.Resources("")[0]
	if len(e.Resources("")) != 1 || resource.Type != "AWS::New::Thing" || len(resource.DependsOn) != 0 {
		t.Errorf("read %v", resource)
	}
	for name, views := range map[string]func() (int, error){
		"services":         func() (int, error) { v, err := e.Services(Symbolic); return len(v), err },
		"task definitions": func() (int, error) { v, err := e.TaskDefinitions(Symbolic); return len(v), err },
		"target groups":    func() (int, error) { v, err := e.TargetGroups(Symbolic); return len(v), err },
		"load balancers":   func() (int, error) { v, err := e.LoadBalancers(Symbolic); return len(v), err },
	} {
		if n, err := views(); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// Whether data outlives its stack is decided by two attributes next to the properties.
func TestResourceAttributes(t *testing.T) {
	stack, err := ParseTemplate([]byte(`{"Resources":{
		"Kept":{"Type":"T","DeletionPolicy":"Snapshot","UpdateReplacePolicy":"Retain","DependsOn":"Plain","Condition":"C"},
		"Plain":{"Type":"T"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	kept, plain := stack.Resources["Kept"], stack.Resources["Plain"]
	same(t, "kept", []any{kept.DeletionPolicy, kept.UpdateReplacePolicy, kept.DependsOn, kept.Condition},
		[]any{"Snapshot", "Retain", []string{"Plain"}, "C"})
	same(t, "plain", []any{plain.DeletionPolicy, plain.UpdateReplacePolicy, plain.DependsOn, plain.Condition},
		[]any{"", "", nil, ""})
}

// An export makes a deployment fail on another stack that still imports it.
func TestExports(t *testing.T) {
	stack, err := ParseTemplate([]byte(`{"Outputs":{
		"Shared":{"Value":{"Ref":"R"},"Export":{"Name":"dev:Shared"}},
		"Plain":{"Value":"x"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "exports", []any{stack.Outputs["Shared"].Export.Name, stack.Outputs["Plain"].Export.Name}, []any{"dev:Shared", nil})
}

func TestImages(t *testing.T) {
	files := written(map[string]string{"A": `{}`})
	files["assembly-dev/manifest.json"] = file(strings.Replace(string(files["assembly-dev/manifest.json"].Data), `"artifacts":{`, `"artifacts":{"A.assets":{"type":"cdk:asset-manifest","properties":{"file":"a.json"}},`, 1))
	files["assembly-dev/a.json"] = file(`{"files":{},"dockerImages":{
		"abc":{"source":{"directory":"../asset.abc","dockerFile":"Other","platform":"linux/arm64","dockerBuildTarget":"last","dockerBuildArgs":{"A":"1"}}},
		"def":{"source":{"directory":"here"}},
		"tar":{"source":{"executable":["make","image"]}}}}`)
	a, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	e := a.Environments[0]
	same(t, "images", e.Images, []Image{
		{Hash: "abc", Directory: "asset.abc", Dockerfile: "Other", Platform: "linux/arm64", BuildArgs: map[string]string{"A": "1"}, Target: "last"},
		{Hash: "def", Directory: "assembly-dev/here", Dockerfile: "Dockerfile"},
	})
	for image, hash := range map[string]string{"123.dkr.ecr.eu.amazonaws.com/repo:abc": "abc", "${repo}:def": "def", "nginx:1": "", "": "", "repo:tar": ""} {
		built := e.Built(Container{Image: image})
		if built == nil && hash != "" || built != nil && built.Hash != hash {
			t.Errorf("%s is built from %v, want %q", image, built, hash)
		}
	}
}

// The reader never leaves the file system that it was given.
func TestOnlyFilesOfTheAssemblyAreRead(t *testing.T) {
	opened := &recorder{FS: written(map[string]string{"A": `{}`})}
	if _, err := Read(opened); err != nil {
		t.Fatal(err)
	}
	same(t, "files", opened.names, []string{"manifest.json", "assembly-dev/manifest.json", "assembly-dev/A.template.json"})
}

type recorder struct {
	fs.FS
	names []string
}

func (r *recorder) Open(name string) (fs.File, error) {
	r.names = append(r.names, name)
	return r.FS.Open(name)
}
