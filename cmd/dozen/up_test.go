package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dozen/internal/local/localtest"
)

// A test that waits for an answer fails instead of hanging.
func init() { http.DefaultClient.Timeout = localtest.Patience }

// program is the built command, with a cache directory of its own.
type program struct {
	t           *testing.T
	path, cache string
	checkout    string
}

func build(t *testing.T) program {
	t.Helper()
	directory, err := os.MkdirTemp("", "dz") // short, because a socket is in it, and open to PostgreSQL's user
	if err == nil {
		err = os.Chmod(directory, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	p := program{t, filepath.Join(directory, "program"), directory, "../.."}
	if out, err := exec.CommandContext(localtest.Bounded(t), "go", "build", "-o", p.path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return p
}

func (p program) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(localtest.Bounded(p.t), p.path, args...)
	cmd.Dir = p.checkout
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+p.cache, "GOCACHE="+goCache(), "CONTAINER_ENGINE=none", "NO_COLOR=1")
	return cmd
}

// goCache is where Go keeps what it has compiled. An empty one next to the environment's data would compile the app from
// scratch in each test, which takes a busy machine minutes.
var goCache = sync.OnceValue(func() string {
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(out))
})

// must runs a command to its end and returns its output.
func (p program) must(args ...string) string {
	p.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// up starts an environment and waits until it serves.
func (p program) up(args ...string) (*exec.Cmd, *localtest.Transcript) {
	p.t.Helper()
	cmd, out := p.command(append([]string{"up"}, args...)...), &localtest.Transcript{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	within(p.t, "it serves", func() bool {
		if strings.HasPrefix(out.String(), "dozen: ") {
			p.t.Fatal(out)
		}
		return strings.Contains(out.String(), "serves at")
	}, out)
	return cmd, out
}

// wait waits for the end of a command that was started.
func wait(t *testing.T, cmd *exec.Cmd) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return localtest.ReceiveWithin(t, localtest.Patience, "the command ends", ended)
}

func within(t *testing.T, what string, holds func() bool, out fmt.Stringer) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s\n%s", what, out)
		}
	}
}

// Prevents: after a crash, the next `up` fails on the ports, locks and processes that the first one left behind.
func TestACrashLeavesNothingInTheWay(t *testing.T) {
	localtest.NeedsBundled(t, "../..")
	p := build(t)
	assembly := filepath.Join(p.cache, "cdk.out")
	if err := localtest.Synthesize(assembly, "../..", "../.."); err != nil {
		t.Fatal(err)
	}
	first, _ := p.up("dev", "--assembly", assembly)
	p.must("run", "dev", "--", "dozen-app", "source", "add", "kept", "--secret", "a-secret-of-the-test")
	var pids []int
	for line := range strings.Lines(p.must("ps")) {
		for _, field := range strings.Fields(line) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	if len(pids) != 3 {
		t.Fatalf("process ids %v of web, worker and scheduler in\n%s", pids, p.must("ps"))
	}
	_ = first.Process.Kill()
	_ = wait(t, first)
	second, out := p.up("dev", "--assembly", assembly)
	for _, pid := range pids {
		within(t, fmt.Sprintf("process %d has ended", pid), func() bool { return syscall.Kill(pid, 0) != nil }, out)
	}
	if list := p.must("run", "dev", "--", "dozen-app", "source", "list"); !strings.Contains(list, "kept") {
		t.Errorf("the data from before the crash is gone:\n%s", list)
	}
	url := strings.Fields(p.must("ps"))[0]
	if response, err := http.Get(url + "/readyz"); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s/readyz: %v, %v", url, response, err)
	}
	if logs := p.must("logs", "dev", "web"); strings.Count(logs, "web started") != 2 {
		t.Errorf("web's log does not have both starts:\n%s", logs)
	}
	_ = second.Process.Signal(os.Interrupt)
	if err := wait(t, second); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, out)
	}
}

// Prevents: each start waits seconds for a synthesis, or starts with outdated templates.
func TestSynthesizesOnlyAfterAChange(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	checkout := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(checkout, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// This make counts its runs, and writes an assembly without environments, so that `up` ends there.
	write("Makefile", "synth:\n\t@mkdir -p cdk.out && echo x >>cdk.out/count && echo '{}' >cdk.out/manifest.json\n")
	write("stacks/environments.go", "package stacks\n")
	write("docs/x.md", "")
	write("cdk.json", "{}")
	synthesized := func(environ ...string) bool {
		t.Helper()
		var out, errs strings.Builder
		run(&session{ctx: t.Context(), out: &out, errs: &errs, environ: environ, directory: checkout}, []string{"up", "dev", "--engine", "none"})
		if !strings.Contains(errs.String(), `no environment "dev"`) {
			t.Fatalf("it ended with %s", errs.String())
		}
		return strings.Contains(out.String(), "make synth")
	}
	for _, step := range []struct {
		what   string
		change func()
		want   bool
	}{
		{"the first time", func() {}, true},
		{"nothing has changed", func() {}, false},
		{"a document has changed", func() { write("docs/x.md", "more") }, false},
		{"a test has changed", func() { write("stacks/environments_test.go", "package stacks\n") }, false},
		{"a file of the image has changed in app/docs", func() { write("app/docs/page.html", "more") }, true},
		{"a file of the image has changed in app/x/test", func() { write("app/x/test/fixture.json", "{}") }, true},
		{"a page of the app has changed", func() { write("app/pages/about.md", "more") }, true},
		{"`make dev` has written", func() { write(".dev/postgres/PG_VERSION", "17") }, false},
		{"a local secret has changed", func() { write("app/.env.dev", "A=1\n") }, false},
		{"a source has changed", func() { write("stacks/environments.go", "package stacks // more\n") }, true},
		{"a file is new", func() { write("app/Procfile", "web: x\n") }, true},
		{"a file has gone", func() { _ = os.Remove(filepath.Join(checkout, "app", "Procfile")) }, true},
		{"the assembly has gone", func() { _ = os.RemoveAll(filepath.Join(checkout, "cdk.out")) }, true},
		{"nothing has changed again", func() {}, false},
	} {
		if step.change(); synthesized() != step.want {
			t.Errorf("%s: synthesized %v", step.what, !step.want)
		}
	}
	if synthesized("CDK_DISABLE_VERSION_CHECK=1") {
		t.Error("`make up` after `dozen up` synthesizes again")
	}
	if !synthesized("DOZEN_DOMAIN=example.com") {
		t.Error("a setting has changed: not synthesized")
	}
}

// Prevents: `dozen up` misses a change of an app that has Dozen in it, or synthesizes after each change of what Dozen has written.
func TestTheAppAroundDozenIsWatched(t *testing.T) {
	shop := t.TempDir()
	for _, name := range []string{
		"Procfile", "docs/page.md", ".env.dev", "node_modules/x.js",
		"infra/main.go", "infra/main_test.go", "infra/docs/page.md", "infra/cdk.out/manifest.json", "infra/config/environments.go",
	} {
		file := filepath.Join(shop, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &session{directory: filepath.Join(shop, "infra")}
	var read []string
	note := func(path string, _ fs.FileInfo) {
		name, _ := filepath.Rel(shop, path)
		read = append(read, name)
	}
	for _, directory := range []string{s.directory, shop} {
		if err := s.walk(directory, shop, note); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(read, " "); got != "infra/config/environments.go infra/main.go Procfile docs/page.md" {
		t.Errorf("it looks at %s", got)
	}
}

// Prevents: a long certificate in app/.env.dev, and every value after it, is missing without a word.
func TestValuesHaveAnyLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env.dev")
	long := strings.Repeat("x", 200<<10)
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# a comment\nFIRST=1\r\n\nLONG=" + long + "\nLAST=a=b")
	values, err := readValues(path)
	if err != nil || len(values) != 3 || values["FIRST"] != "1" || values["LONG"] != long || values["LAST"] != "a=b" {
		t.Errorf("%d values, %v", len(values), err)
	}
	write("FIRST=1\nLONG=" + long + "\nno value\n")
	if _, err := readValues(path); err == nil || !strings.HasSuffix(err.Error(), ".env.dev:3: want NAME=value") {
		t.Errorf("a line without value: %v", err)
	}
}
