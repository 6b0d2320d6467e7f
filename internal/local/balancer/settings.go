package balancer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Settings are the attributes of a load balancer and its target group. All are required, except RoutingLag.
type Settings struct {
	HealthPath         string        // path of the health checks, such as /livez
	HealthInterval     time.Duration // between two checks of a target; the first check is at its registration
	HealthTimeout      time.Duration // for one check; below HealthInterval
	HealthyThreshold   int           // passing checks in a row after which an unhealthy target is healthy; 1 to 10
	UnhealthyThreshold int           // failed checks in a row after which a target is unhealthy; 1 to 10
	Matcher            string        // status codes of a passing check: "200", "200,302" or "200-299"

	DeregistrationDelay time.Duration // how long requests in flight may last after Deregister; 0 to 1 h
	IdleTimeout         time.Duration // a connection without traffic for this long is closed
	RoutingLag          time.Duration // how long new requests may reach a target after Deregister; at most the delay
}

// Validate returns every problem at once.
func (s Settings) Validate() error {
	_, badMatcher := parseMatcher(s.Matcher)
	return errors.Join(
		require(strings.HasPrefix(s.HealthPath, "/"), "HealthPath is %q: must begin with a slash", s.HealthPath),
		require(s.HealthInterval > 0, "HealthInterval is %s: must be more than 0", s.HealthInterval),
		require(s.HealthTimeout > 0 && s.HealthTimeout < s.HealthInterval,
			"HealthTimeout is %s: must be more than 0 and less than HealthInterval, %s",
			s.HealthTimeout, s.HealthInterval),
		require(1 <= s.HealthyThreshold && s.HealthyThreshold <= 10,
			"HealthyThreshold is %d: must be 1 to 10", s.HealthyThreshold),
		require(1 <= s.UnhealthyThreshold && s.UnhealthyThreshold <= 10,
			"UnhealthyThreshold is %d: must be 1 to 10", s.UnhealthyThreshold),
		badMatcher,
		require(0 <= s.DeregistrationDelay && s.DeregistrationDelay <= time.Hour,
			"DeregistrationDelay is %s: must be 0 to 1 h", s.DeregistrationDelay),
		require(s.IdleTimeout > 0, "IdleTimeout is %s: must be more than 0", s.IdleTimeout),
		require(0 <= s.RoutingLag && s.RoutingLag <= s.DeregistrationDelay,
			"RoutingLag is %s: must be 0 to DeregistrationDelay, %s", s.RoutingLag, s.DeregistrationDelay),
	)
}

// require returns a problem unless ok.
func require(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("balancer: "+format, args...)
}

// matcher is the set of status codes that a passing check may have.
type matcher []struct{ from, to int }

func (m matcher) matches(status int) bool {
	for _, codes := range m {
		if codes.from <= status && status <= codes.to {
			return true
		}
	}
	return false
}

func parseMatcher(text string) (matcher, error) {
	var m matcher
	for part := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		from, errFrom := strconv.Atoi(low)
		to, errTo := strconv.Atoi(high)
		if errFrom != nil || errTo != nil || from < 200 || to > 499 || from > to {
			return nil, fmt.Errorf("balancer: Matcher is %q: must be status codes from 200 to 499, "+
				"such as 200 or 200,302 or 200-299", text)
		}
		m = append(m, struct{ from, to int }{from, to})
	}
	return m, nil
}
