package gatetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// environment is one process of a function, and the Runtime API that it asks for its events.
type environment struct {
	function *Function
	server   *httptest.Server
	process  *exec.Cmd
	output   lockedBuffer
	next     chan invocation
	ended    chan bool     // of the invocation: true for a response, false for an error
	dead     chan struct{} // the process has ended
	once     sync.Once
}

type invocation struct {
	id       string
	event    []byte
	deadline time.Time
}

// startEnvironment starts the process. Nothing of the test's own environment reaches it. Should the test be killed,
// the process ends as well: it has no Runtime API any more.
func startEnvironment(f *Function) *environment {
	e := &environment{function: f, next: make(chan invocation, 1), ended: make(chan bool, 1), dead: make(chan struct{})}
	e.server = httptest.NewServer(http.HandlerFunc(e.serve))
	e.process = exec.Command(f.binary)
	e.process.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(e.server.URL, "http://"),
		"AWS_ENDPOINT_URL=" + f.aws.URL,
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=standin", "AWS_SECRET_ACCESS_KEY=standin",
		"AWS_LAMBDA_FUNCTION_NAME=gate", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
	}
	e.process.Stdout, e.process.Stderr = &e.output, &e.output
	if err := e.process.Start(); err != nil {
		e.note("the function does not start: %v\n", err)
		close(e.dead)
		return e
	}
	go func() {
		_ = e.process.Wait() // how it ended does not matter: Lambda sees that it has
		close(e.dead)
	}()
	return e
}

// note adds a line of Lambda's own to what the process prints.
func (e *environment) note(format string, args ...any) {
	_, _ = fmt.Fprintf(&e.output, format, args...) // a buffer takes everything
}

// run gives the process one event and waits for its end. It kills a process that needs too long.
func (e *environment) run(event []byte, timeout time.Duration) bool {
	e.next <- invocation{id: fmt.Sprintf("invocation-%d", time.Now().UnixNano()), event: event, deadline: time.Now().Add(timeout)}
	select {
	case ok := <-e.ended:
		return ok
	case <-e.dead:
	case <-time.After(timeout):
		e.note("Task timed out after %s\n", timeout)
	}
	e.kill()
	return false
}

func (e *environment) kill() {
	e.once.Do(func() {
		if e.process.Process != nil {
			_ = e.process.Process.Kill() // it may have ended by itself
		}
		<-e.dead
		e.server.CloseClientConnections()
		e.server.Close()
	})
}

func (e *environment) serve(w http.ResponseWriter, r *http.Request) {
	const api = "/2018-06-01/runtime/"
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, api); {
	case path == "invocation/next":
		select {
		case next := <-e.next:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", next.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(next.deadline.UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", e.function.ARN)
			_, _ = w.Write(next.event) // a process that has died is noticed elsewhere
		case <-r.Context().Done():
		}
		return
	case strings.HasSuffix(path, "/response"):
		e.ended <- true
	case strings.HasSuffix(path, "/error"):
		e.note("error: %s\n", body)
		e.ended <- false
	}
	w.WriteHeader(http.StatusAccepted)
}

// lockedBuffer collects what a process prints, while others may read it.
type lockedBuffer struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.String()
}
