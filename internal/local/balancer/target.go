package balancer

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// errCut ends the requests that are still in flight when the deregistration delay is over.
var errCut = errors.New("the deregistration delay is over")

// Target is one registration of an address. All its methods may be called at any time and from anywhere.
type Target struct {
	address   string
	balancer  *Balancer
	transport *http.Transport
	drained   chan struct{}

	requests context.Context // of all requests to this target
	cut      context.CancelCauseFunc
	unwatch  context.CancelFunc // ends the health checks

	mu       sync.Mutex
	health   health
	reason   string        // why the last check failed
	changed  chan struct{} // closed and replaced at each change of state
	lagUntil time.Time     // until then a draining target gets new requests
	inFlight int
	delay    *time.Timer
}

// Address is host:port.
func (t *Target) Address() string { return t.address }

// State is the state now.
func (t *Target) State() State {
	state, _ := t.Watch()
	return state
}

// Watch is the state now, and a channel that is closed when it is no longer true.
func (t *Target) Watch() (State, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.health.state, t.changed
}

// Deregister begins the draining. It returns at once; a second call does nothing.
func (t *Target) Deregister() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.delay != nil || t.health.state == Unused {
		return
	}
	t.unwatch()
	settings := t.balancer.settings
	// Only a target that got requests before the change can get them while the change has not reached every node yet.
	if t.health.state == Healthy {
		t.lagUntil = time.Now().Add(settings.RoutingLag)
	}
	t.set(Draining)
	t.delay = time.AfterFunc(settings.DeregistrationDelay, func() { t.end(settings.RoutingLag) })
}

// Drained is closed when the deregistration delay is over: what the control plane says. With a routing lag, requests may still be
// in flight in the nodes that heard of it later.
func (t *Target) Drained() <-chan struct{} { return t.drained }

// end makes the target unused, and cuts what is still in flight after the lag: a node that heard of the deregistration so much
// later hears of its end so much later, too.
func (t *Target) end(lag time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.health.state == Unused {
		return
	}
	t.unwatch()
	t.set(Unused)
	t.balancer.forget(t)
	close(t.drained)
	cut := func() {
		t.cut(errCut)
		t.transport.CloseIdleConnections()
	}
	if lag == 0 {
		cut()
		return
	}
	time.AfterFunc(lag, cut)
}

// observe takes in a health check's result.
func (t *Target) observe(failure error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.health.state == Draining || t.health.state == Unused {
		return
	}
	t.reason = ""
	if failure != nil {
		t.reason = failure.Error()
	}
	next := t.health
	next.observe(failure == nil, t.balancer.settings)
	t.health.passed, t.health.failed = next.passed, next.failed
	t.set(next.state)
}

// set changes the state; mu is held.
func (t *Target) set(state State) {
	if state == t.health.state {
		return
	}
	t.balancer.log.Debug("target "+string(state), "target", t.address, "was", t.health.state, "reason", t.reason)
	t.health.state = state
	close(t.changed)
	t.changed = make(chan struct{})
}

// routable says whether new requests go to this target, and whether they would if no target were healthy.
func (t *Target) routable(now time.Time) (normally, failingOpen bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.health.state {
	case Healthy:
		return true, true
	case Draining:
		return now.Before(t.lagUntil), false
	case Initial, Unhealthy:
		return false, true
	}
	return false, false
}

func (t *Target) count(change int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight += change
}
