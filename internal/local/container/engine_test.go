package container

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dozen/internal/assembly"
	"dozen/internal/local/localtest"
)

// probe is the only program in an image: it prints what it is allowed to do, and waits for SIGTERM.
const probe = `package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "CapEff") {
			fmt.Println(strings.Join(strings.Fields(line), " "))
		}
	}
	fmt.Println("user", os.Getuid(), os.Getgid())
	fmt.Println("root", os.WriteFile("/written", nil, 0o600))
	fmt.Println("tmp", os.WriteFile("/tmp/written", nil, 0o600))
	fmt.Println("variable", os.Getenv("OF_THE_TASK"), os.Getenv("OF_THE_DEVELOPER"))
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	fmt.Println("ready")
	<-signals
	fmt.Println("finishing")
}
`

// Prevents: a container with more rights than on Fargate, which hides what will fail there.
func TestEngineEnforcesTheTaskDefinition(t *testing.T) {
	if os.Getenv("CONTAINER_ENGINE") == "" {
		t.Skip("CONTAINER_ENGINE names no docker-compatible command")
	}
	engine := FindEngine(t.Context(), os.Getenv("CONTAINER_ENGINE"), fmt.Sprintf("test-%d/dev", os.Getpid()))
	if engine == nil {
		t.Fatalf("%s does not answer", os.Getenv("CONTAINER_ENGINE"))
	}
	t.Setenv("OF_THE_DEVELOPER", "x")
	source := probeImage(t)
	out := &localtest.Transcript{}
	program, err := engine.Build(t.Context(), source, out)
	if err != nil {
		t.Fatal(err, out)
	}
	t.Cleanup(func() { _, _ = engine.output(context.Background(), "rmi", "--force", program.Reference) })
	spec := Spec{Name: "web-1", MemoryMiB: 64, Variables: map[string]string{"OF_THE_TASK": "a b=c"}, Container: assembly.Container{
		Command: []string{"/probe"}, User: "65532:65532", ReadonlyRoot: true, Drop: []string{"ALL"}, Writable: []string{"/tmp"},
		OpenFiles: 512, StopTimeout: 20 * time.Second,
	}}
	started, err := engine.Start(program, spec, out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { started.Kill(); exited(t, started) }()
	eventually(t, "ready", func() bool { return strings.Contains(out.String(), "ready") })
	for _, want := range []string{"CapEff: 0000000000000000\n", "user 65532 65532\n", "root open /written: read-only file system\n", "tmp <nil>\n", "variable a b=c \n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the task's output has no line %q:\n%s", want, out)
		}
	}
	memory, err := engine.output(t.Context(), "inspect", "--format", "{{.HostConfig.Memory}}", engine.containerName(spec))
	if err != nil || strings.TrimSpace(memory) != fmt.Sprint(64<<20) {
		t.Errorf("memory limit %q, %v", memory, err)
	}
	started.Stop()
	if code, _ := exited(t, started); code != 0 || !strings.Contains(out.String(), "finishing") {
		t.Errorf("exit code %d after\n%s", code, out)
	}
	left, err := engine.Start(program, spec, out)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready again", func() bool { return strings.Count(out.String(), "ready") == 2 })
	_ = left.cmd.Process.Kill() // as if this program had been killed
	if err := engine.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ids, err := engine.output(t.Context(), "ps", "--all", "--quiet", "--filter", "label="+engine.label); err != nil || ids != "" {
		t.Errorf("left behind: %q, %v", ids, err)
	}
}

func probeImage(t *testing.T) Source {
	t.Helper()
	directory := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/probe\n\ngo 1.26\n", "main.go": probe,
		"Dockerfile": "FROM scratch\nCOPY probe /probe\nCOPY --chown=65532:65532 tmp /tmp\nVOLUME /tmp\n",
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(directory, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(localtest.Bounded(t), "go", "build", "-o", "probe", ".")
	build.Dir, build.Env = directory, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return Source{Image: assembly.Image{Hash: fmt.Sprintf("test%d", os.Getpid()), Dockerfile: "Dockerfile"}, Path: directory}
}

// Prevents: `dozen up` fails on a machine whose docker command has no engine behind it.
func TestAnEngineThatDoesNotAnswerIsNotFound(t *testing.T) {
	for _, command := range []string{"false", "/no/such/engine"} {
		if engine := FindEngine(t.Context(), command, "test/dev"); engine != nil {
			t.Errorf("%s is taken for a working engine", command)
		}
	}
}

// Prevents: "exit code 137" and nothing else, for a container without enough memory, and "exit code 127" for a command that the
// image's ENTRYPOINT has swallowed; or a wrong guess for one that we have killed.
func TestAContainerSaysWhyItHasNotRun(t *testing.T) {
	fake := filepath.Join(t.TempDir(), "engine") // the container ends as its command says
	script := "#!/bin/sh\n[ \"$1\" != image ] || { echo \"$ENTRYPOINT\"; exit; }\nwhile [ \"$1\" != exit ]; do shift; [ $# -gt 0 ] || exit 0; done\n[ \"$2\" != slow ] || exec sleep 1000\nexit $2\n"
	if err := os.WriteFile(fake, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	engine := &Engine{command: []string{fake}, label: "dozen.environment=test/dev"}
	run := func(code string) *Task {
		t.Helper()
		spec := Spec{Name: "web-1", MemoryMiB: 512, Limit: "Web.MemoryMiB", Container: assembly.Container{Command: []string{"exit", code}}}
		started, err := engine.Start(Program{Reference: "image"}, spec, os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		return started
	}
	for _, row := range []struct{ code, entryPoint, want string }{
		{"137", "null", "killed: the limit is 512 MiB (Web.MemoryMiB)"},
		{"125", "null", "could not start the container; `--engine none` runs processes instead"},
		{"126", "null", "cannot be executed"},
		{"127", "null", "was not found in the image's PATH"},
		{"127", `["/docker-entrypoint.sh"]`, `has ENTRYPOINT ["/docker-entrypoint.sh"], which gets exit 127 as its arguments; add the line ENTRYPOINT []`},
	} {
		t.Setenv("ENTRYPOINT", row.entryPoint)
		if _, reason := run(row.code).Exit(); !strings.Contains(reason, row.want) {
			t.Errorf("exit code %s: %q, want %q", row.code, reason, row.want)
		}
	}
	if _, reason := run("1").Exit(); reason != "" {
		t.Errorf("exit code 1: %q", reason)
	}
	slow := run("slow")
	slow.Kill()
	if _, reason := slow.Exit(); strings.Contains(reason, "memory") {
		t.Errorf("killed by us: %q", reason)
	}
}
