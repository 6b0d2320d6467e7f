package balancer

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"slices"
	"sync"
	"time"
)

// Balancer is an http.Handler; its caller owns the listener. Its methods are safe for concurrent use.
type Balancer struct {
	settings Settings
	checker  *checker
	proxy    *httputil.ReverseProxy
	log      *slog.Logger

	mu      sync.Mutex
	closed  bool
	targets []*Target // registered or draining, in the order of their registration
	turn    uint
}

// New returns a balancer without targets. The error has every problem with the settings.
func New(settings Settings, log *slog.Logger) (*Balancer, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	checker, err := newChecker(settings)
	if err != nil {
		return nil, err
	}
	b := &Balancer{settings: settings, checker: checker, log: log}
	b.proxy = newProxy(log)
	return b, nil
}

// Server returns a server for this balancer with its idle timeout. The caller gives it a listener and shuts it down.
func (b *Balancer) Server() *http.Server {
	return &http.Server{
		Handler:           b,
		IdleTimeout:       b.settings.IdleTimeout,
		ReadHeaderTimeout: b.settings.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(b.log.Handler(), slog.LevelDebug),
	}
}

// Register adds host:port and starts its health checks. An address may be registered again while its earlier
// registration is draining: that is another target. After Close, the new target is Unused from the start.
func (b *Balancer) Register(address string) *Target {
	requests, cut := context.WithCancelCause(context.Background())
	checks, stopChecks := context.WithCancel(context.Background())
	t := &Target{
		address:    address,
		balancer:   b,
		transport:  newTransport(b.settings.IdleTimeout),
		drained:    make(chan struct{}),
		requests:   requests,
		cut:        cut,
		stopChecks: stopChecks,
		health:     health{state: Initial},
		changed:    make(chan struct{}),
	}
	b.mu.Lock()
	closed := b.closed
	if !closed {
		b.targets = append(b.targets, t)
	}
	b.mu.Unlock()
	if closed {
		t.end()
		return t
	}
	go b.checker.watch(checks, t)
	return t
}

// Close stops the health checks and cuts off every request at once. To drain the targets, deregister them first.
func (b *Balancer) Close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	for _, t := range b.all() {
		t.end()
	}
}

// pick chooses the target of the next request; nil if there is none.
func (b *Balancer) pick() *Target {
	var healthy, registered []*Target
	now := time.Now()
	for _, t := range b.all() {
		normally, failingOpen := t.routable(now)
		if normally {
			healthy = append(healthy, t)
		}
		if failingOpen {
			registered = append(registered, t)
		}
	}
	if len(healthy) == 0 {
		healthy = registered
	}
	if len(healthy) == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	return healthy[b.turn%uint(len(healthy))]
}

func (b *Balancer) all() []*Target {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.targets)
}

func (b *Balancer) remove(gone *Target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets = slices.DeleteFunc(b.targets, func(t *Target) bool { return t == gone })
}
