// Package test holds every test that needs the construct library: one package, because each test binary starts a Node
// process of its own, and serial, because the pipe to it has no lock. Each environment is synthesized once and shared;
// assertions are plain Go on the parsed templates.
package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"dozen/config"
	"dozen/stacks"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// root is the repository, seen from this package.
const root = ".."

// TestMain switches AWS's validator off, which costs seconds for each synthesis and has a test of its own, and takes AWS's
// variables away, so that no test passes because of the machine's account. The construct library has read the environment
// before main, hence the second start.
func TestMain(m *testing.M) {
	if os.Getenv("CDK_VALIDATION") == "" {
		executable, err := os.Executable()
		if err == nil {
			err = syscall.Exec(executable, os.Args, pureEnviron())
		}
		fmt.Fprintln(os.Stderr, "cannot start again:", err)
		os.Exit(1)
	}
	code := m.Run()
	jsii.Close()
	os.RemoveAll(scratch())
	os.Exit(code)
}

func pureEnviron() []string {
	environ := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "AWS_") || strings.HasPrefix(entry, "CDK_") || strings.HasPrefix(entry, "DOZEN_") && !strings.HasPrefix(entry, "DOZEN_LONG=")
	})
	return append(environ, "CDK_VALIDATION=false", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20")
}

// scratch is one directory for everything that this run of the tests writes.
var scratch = sync.OnceValue(func() string {
	directory, err := os.MkdirTemp("", "dozen-test-")
	if err != nil {
		panic(err)
	}
	return directory
})

// bundled is the app of this repository, with a stand-in for the gate's binary: its bytes matter to one test only.
var bundled = sync.OnceValue(func() config.App {
	gate := filepath.Join(scratch(), "gate")
	must(os.MkdirAll(gate, 0o755))
	must(os.WriteFile(filepath.Join(gate, "bootstrap"), []byte("binary"), 0o755))
	app, err := config.ReadApp(os.DirFS(filepath.Join(root, "app")), filepath.Join(root, "app"), gate)
	must(err)
	return app
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// assembly is the two templates of one synthesized environment.
type assembly struct {
	environment    config.Environment
	data, services template
	directory      string
}

var (
	dev     = sync.OnceValue(func() assembly { return synthesized(config.Development()) })
	staging = sync.OnceValue(func() assembly { return synthesized(config.Staging()) })
	prod    = sync.OnceValue(func() assembly { return synthesized(config.Production()) })
)

// synthesized is an environment as it stands, or as TestProtections has damaged it for this run of the tests.
func synthesized(e config.Environment) assembly {
	if damaged := os.Getenv(damagedTemplates); damaged != "" {
		read := func(part string) template { return readTemplate(filepath.Join(damaged, e.Name+part)) }
		return assembly{environment: e, directory: damaged, data: read("Data.json"), services: read("Services.json")}
	}
	return synthesize(e, bundled())
}

// damagedTemplates is the variable that names a directory of templates to test instead of synthesized ones.
const damagedTemplates = "DAMAGED_TEMPLATES"

// each runs a test against all three environments.
func each(t *testing.T, test func(t *testing.T, a assembly)) {
	for _, get := range []func() assembly{dev, staging, prod} {
		a := get()
		t.Run(a.environment.Name, func(t *testing.T) { test(t, a) })
	}
}

// with synthesizes an environment after a change of one of its fields.
func with(t *testing.T, e config.Environment, mutate func(*config.Environment)) assembly {
	t.Helper()
	mutate(&e)
	return synthesizeFor(t, e, bundled())
}

// synthesizeFor validates and synthesizes, and ends the test with the construct library's message instead of a stack trace.
func synthesizeFor(t *testing.T, e config.Environment, app config.App) (a assembly) {
	t.Helper()
	if err := e.Validate(app.Processes); err != nil {
		t.Fatalf("not a valid environment: %v", err)
	}
	defer func() {
		if problem := recover(); problem != nil {
			t.Fatalf("environment %q does not synthesize: %v", e.Name, problem)
		}
	}()
	return synthesize(e, app)
}

func synthesize(e config.Environment, app config.App) assembly {
	props := stacks.AppProps()
	directory, err := os.MkdirTemp(scratch(), e.Name+"-")
	must(err)
	props.Outdir = jsii.String(directory)
	props.Context = cdkContext()
	cdk := awscdk.NewApp(props)
	stage := stacks.NewStage(cdk, e, app)
	out := cdk.Synth(nil)
	artifacts := out.GetNestedAssembly(stage.ArtifactId())
	return assembly{
		environment: e, directory: *artifacts.Directory(),
		data:     readTemplate(filepath.Join(*artifacts.Directory(), *stage.Data.TemplateFile())),
		services: readTemplate(filepath.Join(*artifacts.Directory(), *stage.Services.TemplateFile())),
	}
}

// cdkContext is the context of cdk.json, which only the CLI would read: without it the tests would see other templates.
var cdkContext = sync.OnceValue(func() *map[string]any {
	data, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	must(err)
	var file struct{ Context map[string]any }
	must(json.Unmarshal(data, &file))
	file.Context["aws:cdk:enable-path-metadata"] = true // as the CLI does
	return &file.Context
})
