package rollout

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"dozen/internal/local/balancer"
)

const (
	settleTime   = 2 * time.Second  // without a balancer, a task that has run for so long counts as healthy
	firstPause   = 1 * time.Second  // before the start that follows a failed task; doubles with each failure in a row
	longestPause = 60 * time.Second // and ends growing here; a task that turns healthy ends it at once
	remembered   = 10               // stopped tasks that Tasks still shows
)

// Service keeps the wanted number of tasks of the wanted revision running. One goroutine owns all of it but the statuses;
// everything that happens is a function sent to its inbox. All methods may be called from anywhere.
type Service struct {
	settings Settings
	launch   Launch
	balancer *balancer.Balancer
	log      *slog.Logger

	inbox   chan func()
	done    chan struct{} // closed after Stop, when the last task is gone
	state   state
	handles map[int]*handle
	waiting *waiter // the Deploy that waits, or nil

	mu       sync.Mutex
	statuses []Status
	stopped  []Status // the last ones that are gone
}

type waiter struct {
	revision string
	result   chan error // with room for one
}

// New makes a service without a revision: it has no tasks before Deploy. A nil balancer is for a service without one. The
// error names every mistake in the settings. Stop ends what New began.
func New(settings Settings, launch Launch, balancer *balancer.Balancer, log *slog.Logger) (*Service, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	s := &Service{
		settings: settings, launch: launch, balancer: balancer, log: log.With("service", settings.Name),
		inbox: make(chan func()), done: make(chan struct{}), handles: map[int]*handle{},
		state: state{settings: settings, balanced: balancer != nil, desired: settings.Desired, outcome: steady},
	}
	go s.run()
	return s, nil
}

// Deploy makes revision the one that runs and returns nil when it runs alone and is healthy. All tasks are replaced, also
// when the revision is the same as before. The error is a *RolledBack when the breaker opened and the old revision serves
// alone again; another one when there was none; it wraps ErrReplaced after a later Deploy, ErrStopped after Stop. When ctx
// ends, Deploy returns, and the deployment goes on.
func (s *Service) Deploy(ctx context.Context, revision string) error {
	w := &waiter{revision, make(chan error, 1)}
	sent := s.send(func() {
		if s.state.closing {
			w.result <- fmt.Errorf("revision %s: %w", revision, ErrStopped)
			return
		}
		if err := s.settings.checkRoom(s.state.desired); err != nil {
			w.result <- err
			return
		}
		s.answer(fmt.Errorf("revision %s: %w, %s", s.waitingFor(), ErrReplaced, revision))
		s.log.Info("deployment begins", "revision", revision)
		s.waiting = w
		s.state.deployed(revision)
	})
	if !sent {
		return fmt.Errorf("revision %s: %w", revision, ErrStopped)
	}
	select {
	case err := <-w.result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("revision %s: no longer waiting for the deployment, which goes on: %w", revision, context.Cause(ctx))
	}
}

// Scale changes how many tasks are wanted, also during a deployment. It returns at once. A number that could never be
// deployed between the percentages is an error.
func (s *Service) Scale(n int) error {
	wanted := s.settings
	wanted.Desired = n
	if err := wanted.Validate(); err != nil {
		return err
	}
	if !s.send(func() { s.state.scaled(n) }) {
		return fmt.Errorf("service %q: %w", s.settings.Name, ErrStopped)
	}
	return nil
}

// Tasks are all that are not gone, in the order of their start, after the last ten that are.
func (s *Service) Tasks() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.stopped, s.statuses)
}

// Stop ends all tasks as a deployment would: in the stop order, with draining. It returns when they are gone. When ctx
// ends before, all that are left get SIGTERM without further waiting, and Stop returns an error.
func (s *Service) Stop(ctx context.Context) error {
	s.send(func() {
		s.answer(fmt.Errorf("revision %s: %w", s.waitingFor(), ErrStopped))
		s.state.closed()
	})
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	s.send(func() {
		for _, h := range s.handles {
			s.terminate(h)
			s.deregister(h)
		}
	})
	return fmt.Errorf("service %q: stopped waiting for its tasks, which have SIGTERM now: %w", s.settings.Name, context.Cause(ctx))
}

// send has the service's goroutine do something. It is false when that has ended.
func (s *Service) send(change func()) bool {
	select {
	case s.inbox <- change:
		return true
	case <-s.done:
		return false
	}
}

func (s *Service) run() {
	for change := range s.inbox {
		change()
		for actions := plan(s.state); len(actions) > 0; actions = plan(s.state) {
			for _, a := range actions {
				s.state.done(a)
				s.carryOut(a)
			}
		}
		s.publish()
		if s.state.closing && len(s.state.tasks) == 0 {
			close(s.done)
			return
		}
	}
}

// answer ends the Deploy that waits, if one does.
func (s *Service) answer(err error) {
	if s.waiting != nil {
		s.waiting.result <- err
		s.waiting = nil
	}
}

func (s *Service) waitingFor() string {
	if s.waiting == nil {
		return ""
	}
	return s.waiting.revision
}

func (s *Service) publish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = s.statuses[:0:0]
	for i := range s.state.tasks {
		t := &s.state.tasks[i]
		status := s.handles[t.number].status
		status.State = describe(t)
		s.statuses = append(s.statuses, status)
	}
}
