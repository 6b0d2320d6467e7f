package balancer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// State is a target's state, in AWS's words.
type State string

// The states of a target. A draining target becomes unused.
const (
	Initial   State = "initial"
	Healthy   State = "healthy"
	Unhealthy State = "unhealthy"
	Draining  State = "draining"
	Unused    State = "unused"
)

// health turns the results of checks into a state.
type health struct {
	state          State
	passed, failed int // in a row
}

func (h *health) observe(pass bool, s Settings) {
	if !pass {
		h.passed, h.failed = 0, h.failed+1
		if h.failed >= s.UnhealthyThreshold {
			h.state = Unhealthy
		}
		return
	}
	h.passed, h.failed = h.passed+1, 0
	if h.state == Initial || h.passed >= s.HealthyThreshold {
		h.state = Healthy
	}
}

// checker does the health checks, each on its own connection.
type checker struct {
	settings Settings
	matcher  matcher
	client   *http.Client
}

func newChecker(s Settings) (*checker, error) {
	m, err := parseMatcher(s.Matcher)
	if err != nil {
		return nil, err
	}
	return &checker{settings: s, matcher: m, client: &http.Client{
		Timeout:       s.HealthTimeout,
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// StatusError is the error of a health check that was answered with another status than the wanted ones.
type StatusError struct {
	Path   string
	Status int
	Want   string // as in Settings.Matcher
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("GET %s answered %d, wanted %s", e.Path, e.Status, e.Want)
}

// Check does one health check of an address with a Host header, and returns nil if it passes.
func (s Settings) Check(ctx context.Context, address, host string) error {
	c, err := newChecker(s)
	if err != nil {
		return err
	}
	return c.check(ctx, address, host)
}

// check does one check. It returns nil if the check passes.
func (c *checker) check(ctx context.Context, address, host string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+c.settings.HealthPath, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	request.Host = host
	answer, err := c.client.Do(request)
	if failed := (*url.Error)(nil); errors.As(err, &failed) && failed.Timeout() {
		return fmt.Errorf("GET %s was not answered within %s", c.settings.HealthPath, c.settings.HealthTimeout)
	} else if failed != nil {
		return fmt.Errorf("GET %s: %w", c.settings.HealthPath, failed.Err)
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if !c.matcher.matches(answer.StatusCode) {
		return &StatusError{c.settings.HealthPath, answer.StatusCode, c.settings.Matcher}
	}
	return nil
}

// watch checks a target until ctx ends, which happens when the target is deregistered.
func (c *checker) watch(ctx context.Context, t *Target) {
	ticker := time.NewTicker(c.settings.HealthInterval)
	defer ticker.Stop()
	for {
		err := c.check(ctx, t.address, t.address)
		if ctx.Err() != nil {
			return
		}
		t.observe(err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
