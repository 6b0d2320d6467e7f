package gatetest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Function is a Lambda function that is invoked asynchronously. Each invocation gets a new sandbox if all others are
// busy. If it dies or fails, the same event is delivered again, at most twice.
type Function struct {
	ARN string

	t       testing.TB
	binary  string
	aws     *AWS
	timeout time.Duration
	retry   time.Duration

	mu          sync.Mutex
	idle        []*sandbox
	sandboxes   []*sandbox
	invocations int
	closed      bool
	running     sync.WaitGroup
}

// retries is Lambda's MaximumRetryAttempts.
const retries = 2

// StartFunction makes a function of a bootstrap binary. Its processes end with the test. Before a new delivery it waits
// for the time retry, where Lambda waits for one minute and then two.
func StartFunction(t testing.TB, aws *AWS, binary string, timeout, retry time.Duration) *Function {
	f := &Function{
		ARN: "arn:aws:lambda:eu-west-1:111122223333:function:gate",
		t:   t, binary: binary, aws: aws, timeout: timeout, retry: retry,
	}
	aws.mu.Lock()
	aws.functions[f.ARN] = f
	aws.mu.Unlock()
	t.Cleanup(f.close)
	return f
}

// Invoke accepts an event and returns at once.
func (f *Function) Invoke(event []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.running.Add(1)
	go func() {
		defer f.running.Done()
		for attempt := 0; attempt <= retries && !f.attempt(event); attempt++ {
			time.Sleep(f.retry)
		}
	}()
}

// attempt makes one delivery and reports whether it was the last: it succeeded, or the test has ended.
func (f *Function) attempt(event []byte) bool {
	s := f.freeSandbox()
	if s == nil {
		return true
	}
	ok := s.run(event, f.timeout)
	f.mu.Lock()
	defer f.mu.Unlock()
	if ok {
		f.idle = append(f.idle, s)
	}
	return ok || f.closed
}

// freeSandbox returns an idle sandbox or a new one, and nil after the end of the test.
func (f *Function) freeSandbox() *sandbox {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.invocations++
	if last := len(f.idle) - 1; last >= 0 {
		s := f.idle[last]
		f.idle = f.idle[:last]
		return s
	}
	s := startSandbox(f)
	f.sandboxes = append(f.sandboxes, s)
	return s
}

// Invocations returns the number of invocations so far.
func (f *Function) Invocations() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.invocations
}

// Kill ends every process of the function with SIGKILL.
func (f *Function) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sandboxes {
		s.kill()
	}
	f.idle = nil
}

// Output returns what the processes have printed.
func (f *Function) Output() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all strings.Builder
	for _, s := range f.sandboxes {
		all.WriteString(s.output.String())
	}
	return all.String()
}

// AwaitIdle waits until the function has handled every event.
func (f *Function) AwaitIdle() {
	f.t.Helper()
	done := make(chan struct{})
	go func() {
		f.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		f.t.Fatal("the function is still busy after a minute:\n" + f.Output())
	}
}

func (f *Function) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.Kill()
	f.running.Wait()
	if f.t.Failed() {
		f.t.Log(f.Output())
	}
}

// invoke is the part of Lambda's API with which a function starts itself.
func (a *AWS) invoke(c call) reply {
	arn, err := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(c.path, "/2015-03-31/functions/"), "/invocations"))
	f := a.functions[arn]
	if err != nil || f == nil {
		return reply{fault: &Fault{
			Status:  http.StatusNotFound,
			Code:    "ResourceNotFoundException",
			Message: fmt.Sprintf("no function %q", arn),
		}}
	}
	if c.header.Get("X-Amz-Invocation-Type") != "Event" {
		return reply{fault: &Fault{
			Code:    "InvalidParameterValueException",
			Message: "this fake only has asynchronous invocations",
		}}
	}
	f.Invoke(c.body)
	return reply{status: http.StatusAccepted, value: struct{}{}}
}
