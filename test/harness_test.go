// Package test contains every test that needs the construct library. It is one package, because each test binary starts a
// Node process, and serial, because the pipe to that process has no lock. Each environment is synthesized once and shared;
// assertions are plain Go on the templates, as internal/assembly reads them.
package test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"dozen/config"
	"dozen/internal/assembly"
	"dozen/internal/local/localtest"
	"dozen/stacks"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// root is the path of the repository from this package.
const root = ".."

// TestMain switches AWS's validator off, which takes seconds in each synthesis and has its own test, and removes AWS's
// variables, so that no test passes because of the machine's account. The construct library reads the variables before main,
// so the test binary starts a second time. The first one then removes what the second has left in the temporary directory,
// even if it was killed.
func TestMain(m *testing.M) {
	if os.Getenv("CDK_VALIDATION") == "" {
		os.Exit(again())
	}
	code := m.Run()
	os.Stderr, _ = os.Open(os.DevNull) // jsii waits twice for its process, and reports on the second time
	jsii.Close()
	os.Exit(code)
}

// again runs this test binary with a temporary directory and variables of its own, and returns its exit code.
func again() int {
	jsii.Close()
	temporary, err := os.MkdirTemp("", "dozen-test-")
	must(err)
	must(os.Chmod(temporary, 0o711)) // the servers that root starts run as another user
	defer os.RemoveAll(temporary)
	executable, err := os.Executable()
	must(err)
	second := exec.Command(executable, os.Args[1:]...)
	second.Env = append(pureEnviron(), "TMPDIR="+temporary)
	second.Stdin, second.Stdout, second.Stderr = os.Stdin, os.Stdout, os.Stderr
	must(second.Start())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGQUIT, syscall.SIGTERM) // go test's, at its timeout, and the user's
	go func() {
		for s := range signals {
			_ = second.Process.Signal(s)
		}
	}()
	_ = second.Wait()
	return second.ProcessState.ExitCode()
}

func pureEnviron() []string {
	environ := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		ours := strings.HasPrefix(entry, "DOZEN_") && !strings.HasPrefix(entry, "DOZEN_LONG=")
		return ours || strings.HasPrefix(entry, "AWS_") || strings.HasPrefix(entry, "CDK_")
	})
	return append(environ, "CDK_VALIDATION=false", "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=20")
}

// scratch is one directory for everything that this run of the tests writes.
var scratch = sync.OnceValue(func() string {
	directory, err := os.MkdirTemp("", "scratch-")
	must(err)
	return directory
})

// fixture is the app that the tests run on, whatever a team has in app/, with fakes of what is compiled for it: its bytes matter to
// one test only.
var fixture = sync.OnceValue(func() config.App {
	compiled := filepath.Join(scratch(), "compiled")
	for name, data := range map[string]string{"gate/bootstrap": "binary", "proxy/proxy": "binary", "proxy/Dockerfile": "FROM scratch\n"} {
		must(os.MkdirAll(filepath.Join(compiled, filepath.Dir(name)), 0o755))
		must(os.WriteFile(filepath.Join(compiled, name), []byte(data), 0o755))
	}
	directory := filepath.Join(root, localtest.Fixture, "app")
	app, err := config.ReadApp(os.DirFS(directory), directory, compiled)
	must(err)
	return app
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// environment is one synthesized environment, as every tool that reads cdk.out sees it.
type environment struct {
	*assembly.Environment
	settings       config.Environment
	data, services template
	directory      string // of the cloud assembly
}

// templates returns both templates.
func (e environment) templates() []template { return []template{e.data, e.services} }

var (
	dev     = sync.OnceValue(func() environment { return synthesized(config.Development()) })
	staging = sync.OnceValue(func() environment { return synthesized(config.Staging()) })
	prod    = sync.OnceValue(func() environment { return synthesized(config.Production()) })
)

// synthesized returns an environment as it is, or as TestProtections has damaged it for this run of the tests.
func synthesized(settings config.Environment) environment {
	if damaged := os.Getenv(damagedTemplates); damaged != "" {
		return readEnvironment(settings, filepath.Join(damaged, settings.Name))
	}
	return synthesize(settings, fixture())
}

// damagedTemplates is the variable that names a directory with a cloud assembly for each environment, to test instead of
// synthesized ones.
const damagedTemplates = "DAMAGED_TEMPLATES"

// each runs a test against all three environments.
func each(t *testing.T, test func(t *testing.T, e environment)) {
	for _, get := range []func() environment{dev, staging, prod} {
		e := get()
		t.Run(e.Name, func(t *testing.T) { test(t, e) })
	}
}

// with synthesizes an environment after a change of its settings.
func with(t *testing.T, settings config.Environment, change func(*config.Environment)) environment {
	t.Helper()
	change(&settings)
	return synthesizeFor(t, settings, fixture())
}

// synthesizeFor validates and synthesizes, and ends the test with the construct library's message instead of a stack trace.
func synthesizeFor(t *testing.T, settings config.Environment, app config.App) (e environment) {
	t.Helper()
	if err := settings.Validate(app.Processes); err != nil {
		t.Fatalf("not a valid environment: %v", err)
	}
	defer func() {
		if problem := recover(); problem != nil {
			t.Fatalf("environment %q does not synthesize: %v", settings.Name, problem)
		}
	}()
	return synthesize(settings, app)
}

func synthesize(settings config.Environment, app config.App) environment {
	directory, err := os.MkdirTemp(scratch(), settings.Name+"-")
	must(err)
	props := stacks.AppProps()
	props.Outdir, props.Context = jsii.String(directory), cdkContext()
	cdk := awscdk.NewApp(props)
	stacks.NewStage(cdk, settings, app)
	cdk.Synth(nil)
	return readEnvironment(settings, directory)
}

// readEnvironment reads an environment from the directory of a cloud assembly.
func readEnvironment(settings config.Environment, directory string) environment {
	files := os.DirFS(directory)
	whole, err := assembly.Read(files)
	must(err)
	read, err := whole.Environment(settings.Name)
	must(err)
	e := environment{Environment: read, settings: settings, directory: directory}
	for _, stack := range read.Stacks {
		text, err := fs.ReadFile(files, stack.File)
		must(err)
		switch stack.ID {
		case settings.Name + "/Data":
			e.data = template{stack, string(text)}
		case settings.Name + "/Services":
			e.services = template{stack, string(text)}
		default:
			panic("an unknown stack: " + stack.ID)
		}
	}
	return e
}

// cdkContext is the context of cdk.json, which only the CLI reads: without it the tests would see other templates.
var cdkContext = sync.OnceValue(func() *map[string]any {
	data, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	must(err)
	var file struct{ Context map[string]any }
	must(json.Unmarshal(data, &file))
	file.Context["aws:cdk:enable-path-metadata"] = true // as the CLI does
	return &file.Context
})
