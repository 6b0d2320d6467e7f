package handler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// respond is what a client of AWS gets for every request.
type respond func(*http.Request) (*http.Response, error)

func (r respond) Do(request *http.Request) (*http.Response, error)        { return r(request) }
func (r respond) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// What a fault is decides whether a release waits, or fails at once: an outage of AWS must not fail it, and a missing
// permission must not be retried for an hour.
func TestFaults(t *testing.T) {
	of := func(status int, code, message string) error {
		return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err: &smithy.GenericAPIError{Code: code, Message: message}}
	}
	for _, c := range []struct {
		err               error
		lasting, settling bool
	}{
		{of(400, "ClientException", "TaskDefinition is inactive"), true, false},
		{of(400, "ThrottlingException", "Rate exceeded"), false, false},
		{of(400, "ClientException", "Capacity is unavailable at this time"), false, false},
		{of(400, "InvalidDBInstanceState", "modifying"), false, false},
		{of(400, "InvalidDBClusterStateFault", "modifying"), false, false},
		{of(400, "TooManyRequestsException", "Rate Exceeded."), false, false},
		{of(403, "AccessDenied", "no"), false, true},
		{of(400, "AccessDeniedException", "no"), false, true},
		{of(400, "ClientException", "ECS was unable to assume the role"), false, true},
		{of(408, "RequestTimeout", "slow"), false, false},
		{of(429, "Other", "later"), false, false},
		{of(500, "ServerException", "oh"), false, false},
		{of(503, "Other", "oh"), false, false},
		{errors.New("connection reset by peer"), false, false},
	} {
		fault := failed("RunTask", c.err).Fault
		if fault == nil || fault.Lasting != c.lasting || fault.Settling != c.settling || !strings.HasPrefix(fault.Message, "RunTask: ") {
			t.Errorf("%v: %+v", c.err, fault)
		}
	}
	if failed("RunTask", nil).Fault != nil {
		t.Error("a success is a fault")
	}
}

// put puts an answer to a server that answers with the status.
func put(t *testing.T, status int) (fault *gate.Fault, tries int) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tries++
		w.WriteHeader(status)
	}))
	defer server.Close()
	h := &Handler{http: server.Client()}
	return h.putAnswer(t.Context(), server.URL, gate.Answer{}).Fault, tries
}

// An answer that S3 refuses for now is sent again; one that it refuses for good must not keep the function for an hour.
func TestRefusedForNow(t *testing.T) {
	for status, want := range map[int]struct{ fault, lasting bool }{
		200: {}, 412: {}, 409: {true, false}, 429: {true, false}, 500: {true, false}, 503: {true, false}, 403: {true, true}, 404: {true, true},
	} {
		fault, tries := put(t, status)
		if (fault != nil) != want.fault || fault != nil && fault.Lasting != want.lasting || tries > 2 {
			t.Errorf("status %d: %+v after %d tries", status, fault, tries)
		}
	}
}

// The address is presigned: who has it can answer in our place.
func TestNoErrorShowsTheAddress(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	h := &Handler{http: &http.Client{}}
	for _, address := range []string{closed.URL + "/?X-Amz-Signature=hunter2", "https://%zz/hunter2", "x://hunter2"} {
		fault := h.putAnswer(t.Context(), address, gate.Answer{}).Fault
		if fault == nil || strings.Contains(fault.Message, "hunter2") {
			t.Errorf("%s: %+v", address, fault)
		}
	}
}

// The function's log is read by more people than the stack's events.
func TestNoFaultShowsASecret(t *testing.T) {
	var out bytes.Buffer
	fault := &gate.Fault{Message: "connect postgres://app:hunter2@db/app"}
	logResult(slog.New(slog.NewTextHandler(&out, nil)), gate.Action{Verb: gate.StartTask}, gate.Result{Fault: fault})
	if !strings.Contains(out.String(), "connect postgres") || strings.Contains(out.String(), "hunter2") {
		t.Error(out.String())
	}
}

// A connection that hangs must not use up an invocation, nor a client that retries on its own the gate's patience.
func TestCallsAreBounded(t *testing.T) {
	var left []time.Duration
	answer := respond(func(r *http.Request) (*http.Response, error) {
		end, bounded := r.Context().Deadline()
		if !bounded {
			t.Errorf("%s has no bound", r.URL)
		}
		left = append(left, time.Until(end))
		return &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	})
	h := New(aws.Config{Region: "eu-west-1", HTTPClient: answer, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
		})}, slog.New(slog.DiscardHandler))
	h.http.Transport = answer
	event := gate.Event{StackId: "stack", ResponseURL: "http://x"}
	verbs := []gate.Verb{gate.CheckStack, gate.StartTask, gate.FindTask, gate.CheckTask, gate.StopTask, gate.ReadLog, gate.StartSnapshot,
		gate.CheckSnapshot, gate.ListSnapshots, gate.DeleteSnapshot, gate.PutAnswer}
	settings := gate.Settings{Cluster: "c", TaskDefinition: "t", LogGroup: "l", SnapshotDatabase: "d", Subnets: []string{"s"}}
	for _, verb := range verbs {
		before := len(left)
		h.do(t.Context(), gate.Action{Verb: verb, Event: event, Settings: settings, TaskARN: "a/b/c", Snapshot: "s"})
		if len(left) != before+1 {
			t.Errorf("%s makes %d calls", verb, len(left)-before)
		}
	}
	for _, time := range left {
		if time > callTimeout || callTimeout.Seconds() > 15 {
			t.Errorf("a call may take %s", time)
		}
	}
}
