package rollout

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// process is a task that exits a second after SIGTERM, or by itself.
type process struct {
	once sync.Once
	done chan struct{}
	code int
}

func (p *process) Address() string       { return "" }
func (p *process) Done() <-chan struct{} { return p.done }
func (p *process) Exit() (int, string)   { return p.code, "" }
func (p *process) Stop()                 { p.end(time.Second, 0) }

func (p *process) end(after time.Duration, code int) {
	p.once.Do(func() { time.AfterFunc(after, func() { p.code = code; close(p.done) }) })
}

// launch starts processes; those of a release whose name begins with broken exit at once.
func launch(_ context.Context, _, release string) (Task, error) {
	p := &process{done: make(chan struct{})}
	if strings.HasPrefix(release, "broken") {
		p.end(0, 1)
	}
	return p, nil
}

func scheduler() Settings {
	return Settings{Name: "scheduler", Desired: 1, MaximumPercent: 100, FailuresToRollBack: 2, ResetOnHealthy: true, Rollback: true}
}

func worker() Settings {
	s := scheduler()
	s.Name, s.Desired, s.MinimumHealthyPercent, s.MaximumPercent = "worker", 2, 100, 200
	return s
}

// bubble runs a service in a synctest bubble and stops it at the end.
func bubble(t *testing.T, settings Settings, test func(*testing.T, *Service)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(settings, launch, nil, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Deploy(t.Context(), "late"); !errors.Is(err, ErrStopped) {
			t.Errorf("Deploy after Stop: %v", err)
		}
	})
}

func releases(s *Service) string {
	var names []string
	for _, status := range s.Tasks() {
		if status.State == "healthy" {
			names = append(names, status.Release)
		}
	}
	return strings.Join(names, " ")
}

func TestDeployAndRollBack(t *testing.T) {
	for _, settings := range []Settings{scheduler(), worker()} {
		bubble(t, settings, func(t *testing.T, s *Service) {
			want := strings.TrimSpace(strings.Repeat("b ", settings.Desired))
			for _, release := range []string{"a", "b"} {
				if err := s.Deploy(t.Context(), release); err != nil {
					t.Fatal(err)
				}
			}
			var back *RolledBack
			if err := s.Deploy(t.Context(), "broken"); !errors.As(err, &back) || back.To != "b" || !strings.Contains(back.Reason, "exit code 1") {
				t.Errorf("a broken release of %s: %v", settings.Name, err)
			}
			if got := releases(s); got != want {
				t.Errorf("%s runs %q after the rollback, want %q", settings.Name, got, want)
			}
		})
	}
}

func TestFirstReleaseCannotBeRolledBack(t *testing.T) {
	bubble(t, worker(), func(t *testing.T, s *Service) {
		if err := s.Deploy(t.Context(), "broken"); err == nil || !strings.Contains(err.Error(), "no earlier release to roll back to") {
			t.Errorf("got %v", err)
		}
	})
}

func TestLaterDeployReplacesTheFirst(t *testing.T) {
	bubble(t, worker(), func(t *testing.T, s *Service) {
		first := make(chan error)
		go func() { first <- s.Deploy(t.Context(), "a") }()
		time.Sleep(time.Second)
		if err := s.Deploy(t.Context(), "b"); err != nil {
			t.Error(err)
		}
		if err := <-first; !errors.Is(err, ErrReplaced) {
			t.Errorf("the first Deploy: %v", err)
		}
		if got := releases(s); got != "b b" {
			t.Errorf("runs %q, want two of b", got)
		}
	})
}

// A service that crashes forever must not keep the machine busy.
func TestPauseGrows(t *testing.T) {
	for strikes, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 99: time.Minute} {
		if got := pauseAfter(strikes); got != want {
			t.Errorf("after %d failures the pause is %s, want %s", strikes, got, want)
		}
	}
}

func TestSettingsWithoutRoomAreRefused(t *testing.T) {
	s := worker()
	s.MaximumPercent = 100
	if _, err := New(s, launch, nil, slog.Default()); err == nil || !strings.Contains(err.Error(), "MaximumPercent 100") {
		t.Errorf("got %v", err)
	}
}
