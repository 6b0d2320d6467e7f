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
	settleTime   = 2 * time.Second  // without a balancer, a task that has run this long counts as healthy
	firstPause   = 1 * time.Second  // before the start that follows a failed task; doubles with each failure in a row
	longestPause = 60 * time.Second // the longest pause; a task that turns healthy ends it at once
	remembered   = 2                // stopped tasks that Tasks still returns
)

// Service keeps the desired number of tasks of one release running. One goroutine owns everything but the statuses, and
// each event is a function that is sent to its inbox. The methods are safe for concurrent use.
type Service struct {
	settings Settings
	launch   Launch
	balancer *balancer.Balancer
	log      *slog.Logger

	inbox   chan func()
	done    chan struct{} // closed after Stop, when the last task is gone
	state   state
	handles map[int]*handle
	waiting *waiter // the Deploy that is waiting, or nil

	mu       sync.Mutex
	statuses []Status
	stopped  []Status // the last tasks that are gone
}

type waiter struct {
	release string
	result  chan error // with room for one
}

// New returns a service that has no tasks before the first Deploy. The balancer is nil for a service without one. The
// error has every problem with the settings. The caller must call Stop.
func New(settings Settings, launch Launch, balancer *balancer.Balancer, log *slog.Logger) (*Service, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	s := &Service{
		settings: settings,
		launch:   launch,
		balancer: balancer,
		log:      log.With("service", settings.Name),
		inbox:    make(chan func()),
		done:     make(chan struct{}),
		state:    state{settings: settings, balanced: balancer != nil, outcome: steady},
		handles:  map[int]*handle{},
	}
	go s.run()
	return s, nil
}

// Deploy replaces all tasks with tasks of the release, even if they are of that release already. It returns nil when
// only the release's tasks run and all of them are healthy. Otherwise the error
//
//   - is a *RolledBack if the circuit breaker opened and only the earlier release runs again;
//   - is another error if the breaker opened and there is no earlier release, or Rollback is off;
//   - wraps ErrReplaced after a later Deploy, and ErrStopped after Stop;
//   - wraps ctx's error if ctx ends first. The deployment then continues.
func (s *Service) Deploy(ctx context.Context, release string) error {
	w := &waiter{release, make(chan error, 1)}
	sent := s.send(func() {
		if s.state.closing {
			w.result <- fmt.Errorf("release %s: %w", release, ErrStopped)
			return
		}
		s.answer(fmt.Errorf("release %s: %w, %s", s.waitingFor(), ErrReplaced, release))
		s.log.Info("service deployment begins", "revision", release)
		s.waiting = w
		s.state.deployed(release)
	})
	if !sent {
		return fmt.Errorf("release %s: %w", release, ErrStopped)
	}
	select {
	case err := <-w.result:
		return err
	case <-ctx.Done():
		cause := context.Cause(ctx)
		return fmt.Errorf("release %s: stopped waiting for the deployment, which continues: %w", release, cause)
	}
}

// Tasks returns the last two tasks that are gone, and then all others in the order of their start.
func (s *Service) Tasks() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.stopped, s.statuses)
}

// Stop stops all tasks as a deployment does, in the stop order and with draining, and returns when they are gone. If
// ctx ends first, Stop sends SIGTERM to all remaining tasks at once and returns an error.
func (s *Service) Stop(ctx context.Context) error {
	s.send(func() {
		s.answer(fmt.Errorf("release %s: %w", s.waitingFor(), ErrStopped))
		s.state.stopRequested()
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
	return fmt.Errorf("service %q: stopped waiting for its tasks and sent SIGTERM to all of them: %w",
		s.settings.Name, context.Cause(ctx))
}

// send has the service's goroutine call a function. It returns false if the goroutine has ended.
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

// answer ends the Deploy that is waiting, if there is one.
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
	return s.waiting.release
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
