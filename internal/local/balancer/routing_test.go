package balancer

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
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

func TestRequestsGoRoundTheHealthyTargets(t *testing.T) {
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
		t.Errorf("answers: %v, want 10 of a and 10 of b; the third target is %s", counts, sick.State())
	}
}

// Two tasks that fail their checks and still answer are better than none.
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
		t.Errorf("with a target that is %s: %d, want 200", target.State(), status)
	}
	target.Deregister()
	if status, _ := get(t, url); status != http.StatusServiceUnavailable {
		t.Errorf("with a draining target: %d, want 503", status)
	}
}

// The heart of a release without failed requests: what is in flight may finish, new requests go elsewhere.
func TestDrainingFinishesWhatIsInFlight(t *testing.T) {
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
	<-entered
	old.Deregister()
	await(t, b.Register(named(t, "new")), Healthy)
	for range 5 {
		if _, body := get(t, url); body != "new" {
			t.Errorf("a new request went to %q", body)
		}
	}
	if status := b.Targets()[0]; status.State != Draining || status.InFlight != 1 {
		t.Errorf("the old target is %+v", status)
	}
	close(finish)
	if body := <-answer; body != "old" {
		t.Errorf("the request in flight got %q", body)
	}
	select {
	case <-old.Drained():
		t.Error("drained before the delay is over")
	default:
	}
}

// A delay that is shorter than the longest request must show.
func TestDelayCutsWhatIsLeft(t *testing.T) {
	s := patient()
	s.DeregistrationDelay = 50 * time.Millisecond
	b, url := serve(t, s)
	target := b.Register(backend(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	await(t, target, Healthy)
	began := time.Now()
	entered := make(chan int)
	go func() {
		status, _ := get(t, url)
		entered <- status
	}()
	for b.Targets()[0].InFlight == 0 {
		time.Sleep(time.Millisecond)
	}
	target.Deregister()
	if status := <-entered; status != http.StatusBadGateway {
		t.Errorf("the request that was cut: %d, want 502", status)
	}
	<-target.Drained()
	if spent := time.Since(began); spent < s.DeregistrationDelay {
		t.Errorf("drained after %s, before the delay of %s is over", spent, s.DeregistrationDelay)
	}
	if len(b.Targets()) != 0 {
		t.Errorf("targets are left: %+v", b.Targets())
	}
}

// An app that stops accepting at SIGTERM fails here, as it would on AWS.
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

// A node that hears late of a deregistration hears late of its end: what it still sent gets the whole delay.
func TestRoutingLagDelaysTheCut(t *testing.T) {
	s := patient()
	s.DeregistrationDelay = 2 * time.Second
	s.RoutingLag = s.DeregistrationDelay
	b, url := serve(t, s)
	finish := make(chan struct{})
	old := b.Register(backend(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-finish:
		case <-r.Context().Done():
		}
	}))
	await(t, old, Healthy)
	status := make(chan int)
	go func() {
		code, _ := get(t, url)
		status <- code
	}()
	for b.Targets()[0].InFlight == 0 {
		time.Sleep(time.Millisecond)
	}
	old.Deregister()
	<-old.Drained()
	close(finish) // after the delay, within the lag
	if code := <-status; code != http.StatusOK {
		t.Errorf("a request that ended within the lag: %d", code)
	}
}

func TestCloseLeavesNobodyWaiting(t *testing.T) {
	b, _ := serve(t, patient())
	target := b.Register(named(t, "a"))
	b.Close()
	<-target.Drained()
	late := b.Register(named(t, "b"))
	<-late.Drained()
	if late.State() != Unused || len(b.Targets()) != 0 {
		t.Errorf("after Close: %s, %+v", late.State(), b.Targets())
	}
}
