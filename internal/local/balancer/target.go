package balancer

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// errCut is why requests that are still in flight after the deregistration delay are cut off.
var errCut = errors.New("the deregistration delay is over")

// Target is one registration of an address. Its methods are safe for concurrent use.
type Target struct {
	address   string
	balancer  *Balancer
	transport *http.Transport
	drained   chan struct{}

	requests   context.Context // of all requests to this target
	cut        context.CancelCauseFunc
	stopChecks context.CancelFunc

	mu       sync.Mutex
	health   health
	reason   string        // why the last check failed
	changed  chan struct{} // closed and replaced at each change of state
	lagUntil time.Time     // until then a draining target gets new requests
	delay    *time.Timer
}

// Watch returns the current state, and a channel that is closed when the state changes.
func (t *Target) Watch() (State, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.health.state, t.changed
}

// Reason returns why the last health check has failed, or "".
func (t *Target) Reason() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reason
}

// Deregister starts to drain the target. It returns at once; a second call does nothing.
func (t *Target) Deregister() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.delay != nil || t.health.state == Unused {
		return
	}
	t.stopChecks()
	settings := t.balancer.settings
	// Only a target that was getting requests can still get new ones from the balancer's nodes that do not know of the
	// change yet.
	if t.health.state == Healthy {
		t.lagUntil = time.Now().Add(settings.RoutingLag)
	}
	t.set(Draining)
	t.delay = time.AfterFunc(settings.DeregistrationDelay, t.end)
}

// Drained is closed when the deregistration delay is over and the target is unused: no request is in flight.
func (t *Target) Drained() <-chan struct{} { return t.drained }

// end makes the target unused, and cuts off the requests that are still in flight.
func (t *Target) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.health.state == Unused {
		return
	}
	t.stopChecks()
	t.set(Unused)
	t.balancer.remove(t)
	close(t.drained)
	t.cut(errCut)
	t.transport.CloseIdleConnections()
}

// observe updates the state after a health check.
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

// routable reports whether new requests go to this target, and whether they would if no target were healthy.
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
