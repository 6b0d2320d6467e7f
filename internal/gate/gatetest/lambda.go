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

// Function is a Lambda function that is invoked asynchronously. Each invocation gets an environment of its own if
// all others are busy; one that dies or fails is started again with the same event, twice at most.
type Function struct {
	ARN string

	t       testing.TB
	binary  string
	aws     *AWS
	timeout time.Duration
	retry   time.Duration

	mu           sync.Mutex
	idle         []*environment
	environments []*environment
	invocations  int
	closed       bool
	running      sync.WaitGroup
}

// retries is Lambda's MaximumRetryAttempts.
const retries = 2

// StartFunction makes a function of a bootstrap binary. Its processes end with the test. After a death it waits for
// the time given, where Lambda waits for one minute and then two.
func StartFunction(t testing.TB, aws *AWS, binary string, timeout, retry time.Duration) *Function {
	f := &Function{
		ARN: "arn:aws:lambda:eu-west-1:111122223333:function:gate", t: t, binary: binary, aws: aws, timeout: timeout, retry: retry,
	}
	aws.mu.Lock()
	aws.functions[f.ARN] = f
	aws.mu.Unlock()
	t.Cleanup(f.close)
	return f
}

// Invoke takes an event in, and returns at once.
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

// attempt says whether nothing more is to be done.
func (f *Function) attempt(event []byte) bool {
	e := f.take()
	if e == nil {
		return true
	}
	ok := e.run(event, f.timeout)
	f.mu.Lock()
	defer f.mu.Unlock()
	if ok {
		f.idle = append(f.idle, e)
	}
	return ok || f.closed
}

func (f *Function) take() *environment {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.invocations++
	if last := len(f.idle) - 1; last >= 0 {
		e := f.idle[last]
		f.idle = f.idle[:last]
		return e
	}
	e := startEnvironment(f)
	f.environments = append(f.environments, e)
	return e
}

// Invocations counts those that were begun.
func (f *Function) Invocations() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.invocations
}

// Kill ends every process of the function with SIGKILL.
func (f *Function) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.environments {
		e.kill()
	}
	f.idle = nil
}

// Output is what the processes have printed.
func (f *Function) Output() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all strings.Builder
	for _, e := range f.environments {
		all.WriteString(e.output.String())
	}
	return all.String()
}

// AwaitIdle waits until no event is being worked on.
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

// invoke is Lambda's API, as far as a function needs it to start itself.
func (a *AWS) invoke(c call) reply {
	arn, err := url.PathUnescape(strings.TrimSuffix(strings.TrimPrefix(c.path, "/2015-03-31/functions/"), "/invocations"))
	f := a.functions[arn]
	if err != nil || f == nil {
		return reply{fault: &Fault{Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: fmt.Sprintf("no function %q", arn)}}
	}
	if c.header.Get("X-Amz-Invocation-Type") != "Event" {
		return reply{fault: &Fault{Code: "InvalidParameterValueException", Message: "only asynchronous invocations are played"}}
	}
	f.Invoke(c.body)
	return reply{status: http.StatusAccepted, value: struct{}{}}
}
