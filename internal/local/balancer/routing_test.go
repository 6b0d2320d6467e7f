package balancer

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"dozen/internal/local/localtest"
)

func serveMux(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.Listener.Addr().String()
}

func named(t *testing.T, name string) (address string) {
	return backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
}

func TestRequestsGoToTheHealthyTargetsInTurn(t *testing.T) {
	b, url := serve(t, patient())
	await(t, b.Register(named(t, "a")), Healthy)
	await(t, b.Register(named(t, "b")), Healthy)
	sick := b.Register(refusing(t))
	counts := map[string]int{}
	for range 20 {
		_, body := get(t, url)
		counts[body]++
	}
	if counts["a"] != 10 || counts["b"] != 10 {
		t.Errorf("answers: %v, want 10 of a and 10 of b; the third target is %s", counts, stateOf(sick))
	}
}

// Tasks that fail their health checks but still answer are better than no tasks.
func TestFailsOpen(t *testing.T) {
	b, url := serve(t, patient())
	if status, _ := get(t, url); status != http.StatusServiceUnavailable {
		t.Errorf("without targets: %d, want 503", status)
	}
	target := b.Register(serveMux(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/livez" {
			w.WriteHeader(http.StatusTeapot)
		}
	})))
	if status, _ := get(t, url); status != http.StatusOK {
		t.Errorf("with a target that is %s: %d, want 200", stateOf(target), status)
	}
	target.Deregister()
	if status, _ := get(t, url); status != http.StatusServiceUnavailable {
		t.Errorf("with a draining target: %d, want 503", status)
	}
}

// The core of a release without failed requests: requests in flight may finish, and new requests go elsewhere.
func TestDrainingLetsRequestsInFlightFinish(t *testing.T) {
	entered, finish := make(chan bool), make(chan bool)
	b, url := serve(t, patient())
	old := b.Register(backend(t, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-finish
		_, _ = io.WriteString(w, "old")
	}))
	await(t, old, Healthy)
	answer := make(chan string)
	go func() {
		_, body := get(t, url)
		answer <- body
	}()
	localtest.Receive(t, "the request arrives", entered)
	old.Deregister()
	await(t, b.Register(named(t, "new")), Healthy)
	for range 5 {
		if _, body := get(t, url); body != "new" {
			t.Errorf("a new request went to %q", body)
		}
	}
	if state := stateOf(old); state != Draining {
		t.Errorf("the old target is %s, want draining", state)
	}
	close(finish)
	if body := localtest.Receive(t, "the answer", answer); body != "old" {
		t.Errorf("the request in flight got %q", body)
	}
	select {
	case <-old.Drained():
		t.Error("drained before the deregistration delay is over")
	default:
	}
}

// A deregistration delay that is shorter than the longest request must show as a failed request.
func TestTheDelayCutsOffRequestsInFlight(t *testing.T) {
	s := patient()
	s.DeregistrationDelay = 50 * time.Millisecond
	b, url := serve(t, s)
	entered := make(chan bool)
	target := b.Register(backend(t, func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}))
	await(t, target, Healthy)
	began := time.Now()
	answer := make(chan int)
	go func() {
		status, _ := get(t, url)
		answer <- status
	}()
	localtest.Receive(t, "the request arrives", entered)
	target.Deregister()
	if status := localtest.Receive(t, "the answer", answer); status != http.StatusBadGateway {
		t.Errorf("the request that was cut off: %d, want 502", status)
	}
	localtest.Receive(t, "the target is drained", target.Drained())
	if spent := time.Since(began); spent < s.DeregistrationDelay {
		t.Errorf("drained after %s, before the delay of %s is over", spent, s.DeregistrationDelay)
	}
	if status, _ := get(t, url); status != http.StatusServiceUnavailable {
		t.Errorf("after the drain: %d, want 503", status)
	}
}

// An app that stops accepting requests at SIGTERM fails here, as it would on AWS.
func TestRoutingLagStillSendsRequests(t *testing.T) {
	s := patient()
	s.RoutingLag = s.DeregistrationDelay
	b, url := serve(t, s)
	old := b.Register(named(t, "old"))
	await(t, old, Healthy)
	await(t, b.Register(named(t, "new")), Healthy)
	old.Deregister()
	counts := map[string]int{}
	for range 10 {
		_, body := get(t, url)
		counts[body]++
	}
	if counts["old"] != 5 || counts["new"] != 5 {
		t.Errorf("answers within the lag: %v, want 5 of each", counts)
	}
}

// A delay without the lag in it must show as a failed request: the delay counts from the call, and a request that comes at the end
// of the lag has only the rest of it.
func TestTheLagIsPartOfTheDelay(t *testing.T) {
	s := patient()
	s.DeregistrationDelay = 2 * time.Second
	s.RoutingLag = s.DeregistrationDelay
	b, url := serve(t, s)
	old := b.Register(backend(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	await(t, old, Healthy)
	old.Deregister()
	if status, _ := get(t, url); status != http.StatusBadGateway {
		t.Errorf("a request that came within the lag and was cut off: %d, want 502", status)
	}
	select {
	case <-old.Drained():
	default:
		t.Error("cut off before the delay is over")
	}
}

func TestCloseEndsEveryWait(t *testing.T) {
	b, url := serve(t, patient())
	target := b.Register(named(t, "a"))
	b.Close()
	localtest.Receive(t, "the target is drained", target.Drained())
	late := b.Register(named(t, "b"))
	localtest.Receive(t, "the late target is drained", late.Drained())
	if state := stateOf(late); state != Unused {
		t.Errorf("a target that was registered after Close is %s, want unused", state)
	}
	if status, _ := get(t, url); status != http.StatusServiceUnavailable {
		t.Errorf("after Close: %d, want 503", status)
	}
}
