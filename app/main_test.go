package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dozen/app/internal/testserver"
	"dozen/app/internal/testsuite"
)

// asProcess makes this test binary behave like dozen-app: the tests start, stop and kill real processes, which the race
// detector watches.
const asProcess = "DOZEN_TEST_AS_PROCESS"

// silence shortens the time after which workers count as dead.
const silence = "DOZEN_TEST_SILENCE"

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asBare) != "":
		bare()
	case os.Getenv(asProcess) != "":
		if silence, err := time.ParseDuration(os.Getenv(silence)); err == nil {
			leaseSilence = silence
		}
		main()
	default:
		testsuite.Main(m)
	}
}

// variables are the environment variables of a test's processes.
type variables map[string]string

func newVariables(t testing.TB) variables {
	return variables{
		"DATABASE_URL": testsuite.DatabaseURL(t, true),
		"CACHE_URL":    "redis://127.0.0.1:1", // where no server is listening
		"STORAGE_URL":  "file://" + t.TempDir(),
		"LOG_FORMAT":   "json",
	}
}

func (e variables) with(name, value string) variables {
	changed := variables{name: value}
	for other, value := range e {
		if other != name {
			changed[other] = value
		}
	}
	return changed
}

func (e variables) get(name string) string { return e[name] }

// unread is set for processes whose log nobody needs: benchmarks must not measure the log's reader, which is not part
// of the process.
const unread = "DOZEN_TEST_UNREAD"

// instance is one running process.
type instance struct {
	t    testing.TB
	cmd  *exec.Cmd
	port int
	done chan struct{}

	mu  sync.Mutex
	log []string
}

// start starts a process on a free port, and kills it when the test ends.
func start(t testing.TB, env variables, args ...string) *instance {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launch(t, executable, env, args...)
}

func launch(t testing.TB, executable string, env variables, args ...string) *instance {
	t.Helper()
	port, err := testserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if fixed, found := env["PORT"]; found { // for a process that replaces another one
		if port, err = strconv.Atoi(fixed); err != nil {
			t.Fatal(err)
		}
	}
	p := &instance{t: t, cmd: exec.Command(executable, args...), port: port, done: make(chan struct{})}
	p.cmd.Env = []string{
		asProcess + "=1",
		fmt.Sprintf("PORT=%d", p.port),
		"GORACE=halt_on_error=1 exitcode=66 atexit_sleep_ms=0",
		"HOME=" + os.Getenv("HOME"),
	}
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	p.cmd.WaitDelay = 10 * time.Second // for a child that keeps the output open
	out, in := io.Pipe()
	if env[unread] == "" {
		p.cmd.Stdout, p.cmd.Stderr = in, in
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go p.read(out, read)
	go func() { _ = p.cmd.Wait(); _ = in.Close(); <-read; close(p.done) }()
	t.Cleanup(p.kill)
	return p
}

func (p *instance) read(out io.Reader, done chan struct{}) {
	defer close(done)
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		p.mu.Lock()
		p.log = append(p.log, scanner.Text())
		p.mu.Unlock()
	}
}

// lines returns the lines of the log that contain text.
func (p *instance) lines(text string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []string
	for _, line := range p.log {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

func (p *instance) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
	if lines := p.lines("DATA RACE"); len(lines) > 0 {
		p.t.Errorf("a process has a data race:\n%s", strings.Join(p.lines(""), "\n"))
	}
	for _, line := range p.lines("") {
		if key := repeatedKey(line); key != "" {
			p.t.Errorf("a log line has the key %s twice: %s", key, line)
		}
	}
}

// terminate sends SIGTERM and returns the exit code.
func (p *instance) terminate() int {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.wait(30 * time.Second)
}

// wait returns the exit code, or -1 if the process does not exit in time.
func (p *instance) wait(patience time.Duration) int {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		return -1
	}
}

func (p *instance) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", p.port, path) }

// status requests a page and returns its status, or 0 without an answer.
func (p *instance) status(path string) int {
	ctx, done := context.WithTimeout(context.Background(), 3*time.Second)
	defer done()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url(path), nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

// until waits for a page to have the status.
func (p *instance) until(path string, status int, patience time.Duration) {
	p.t.Helper()
	testsuite.Eventually(p.t, patience, func() error {
		if now := p.status(path); now != status {
			return fmt.Errorf("GET %s answers %d, want %d", path, now, status)
		}
		return nil
	})
}

// untilLine waits for a log line that contains text.
func (p *instance) untilLine(text string, patience time.Duration) {
	p.t.Helper()
	testsuite.Eventually(p.t, patience, func() error {
		if len(p.lines(text)) == 0 {
			return fmt.Errorf("no line with %q in:\n%s", text, strings.Join(p.lines(""), "\n"))
		}
		return nil
	})
}
