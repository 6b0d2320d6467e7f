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

// sandbox is what Lambda calls an execution environment: one process of a function, and the Runtime API from which it
// gets its events.
type sandbox struct {
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

// startSandbox starts the process, without the test's own variables. If the test is killed, the process ends too,
// because its Runtime API is gone.
func startSandbox(f *Function) *sandbox {
	s := &sandbox{
		function: f,
		next:     make(chan invocation, 1),
		ended:    make(chan bool, 1),
		dead:     make(chan struct{}),
	}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.process = exec.Command(f.binary)
	s.process.Env = []string{
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(s.server.URL, "http://"),
		"AWS_ENDPOINT_URL=" + f.aws.URL,
		"HTTPS_PROXY=" + f.aws.Proxy, "AWS_CA_BUNDLE=" + f.aws.Certificate,
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=fake", "AWS_SECRET_ACCESS_KEY=fake",
		"AWS_LAMBDA_FUNCTION_NAME=gate", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
	}
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	if err := s.process.Start(); err != nil {
		s.note("cannot start the function: %v\n", err)
		close(s.dead)
		return s
	}
	go func() {
		_ = s.process.Wait() // how it ended does not matter
		close(s.dead)
	}()
	return s
}

// note adds a line of Lambda's own to the process's output.
func (s *sandbox) note(format string, args ...any) {
	_, _ = fmt.Fprintf(&s.output, format, args...) // writing to a buffer does not fail
}

// run gives the process one event, waits for the end of its invocation and reports whether it succeeded. It kills a
// process that takes too long.
func (s *sandbox) run(event []byte, timeout time.Duration) bool {
	s.next <- invocation{
		id:       fmt.Sprintf("invocation-%d", time.Now().UnixNano()),
		event:    event,
		deadline: time.Now().Add(timeout),
	}
	select {
	case ok := <-s.ended:
		return ok
	case <-s.dead:
	case <-time.After(timeout):
		s.note("Task timed out after %s\n", timeout)
	}
	s.kill()
	return false
}

func (s *sandbox) kill() {
	s.once.Do(func() {
		if s.process.Process != nil {
			_ = s.process.Process.Kill() // it may have ended by itself
		}
		<-s.dead
		s.server.CloseClientConnections()
		s.server.Close()
	})
}

func (s *sandbox) serve(w http.ResponseWriter, r *http.Request) {
	const api = "/2018-06-01/runtime/"
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, api); {
	case path == "invocation/next":
		select {
		case next := <-s.next:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", next.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(next.deadline.UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", s.function.ARN)
			_, _ = w.Write(next.event) // run notices a dead process
		case <-r.Context().Done():
		}
		return
	case strings.HasSuffix(path, "/response"):
		s.ended <- true
	case strings.HasSuffix(path, "/error"):
		s.note("error: %s\n", body)
		s.ended <- false
	}
	w.WriteHeader(http.StatusAccepted)
}

// lockedBuffer collects a process's output, and may be read at the same time.
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
