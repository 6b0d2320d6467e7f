package balancer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Settings are the attributes of a load balancer and its target group. There are no defaults but where one is named:
// the template says them all.
type Settings struct {
	HealthPath         string        // where health checks go, from the slash on, such as /livez
	HealthInterval     time.Duration // between two checks of a target; the first one comes at its registration
	HealthTimeout      time.Duration // for one check; below HealthInterval
	HealthyThreshold   int           // passing checks in a row after which an unhealthy target is healthy; 1 to 10
	UnhealthyThreshold int           // failed checks in a row after which a target is unhealthy; 1 to 10
	Matcher            string        // status codes of a passing check: "200", "200,302" or "200-299"

	DeregistrationDelay time.Duration // how long requests in flight may last after Deregister; 0 to 1 h
	IdleTimeout         time.Duration // a connection without traffic for this long is closed
	RoutingLag          time.Duration // new requests may reach a target this long after Deregister; at most the delay; default 0
}

// Validate finds every mistake at once.
func (s Settings) Validate() error {
	_, badMatcher := parseMatcher(s.Matcher)
	return errors.Join(
		check(strings.HasPrefix(s.HealthPath, "/"), "HealthPath is %q: it starts with a slash", s.HealthPath),
		check(s.HealthInterval > 0, "HealthInterval is %s: it is more than 0", s.HealthInterval),
		check(s.HealthTimeout > 0 && s.HealthTimeout < s.HealthInterval,
			"HealthTimeout is %s: it is more than 0 and less than HealthInterval, %s", s.HealthTimeout, s.HealthInterval),
		check(1 <= s.HealthyThreshold && s.HealthyThreshold <= 10, "HealthyThreshold is %d: it is 1 to 10", s.HealthyThreshold),
		check(1 <= s.UnhealthyThreshold && s.UnhealthyThreshold <= 10, "UnhealthyThreshold is %d: it is 1 to 10", s.UnhealthyThreshold),
		badMatcher,
		check(0 <= s.DeregistrationDelay && s.DeregistrationDelay <= time.Hour,
			"DeregistrationDelay is %s: it is 0 to 1 h", s.DeregistrationDelay),
		check(s.IdleTimeout > 0, "IdleTimeout is %s: it is more than 0", s.IdleTimeout),
		check(0 <= s.RoutingLag && s.RoutingLag <= s.DeregistrationDelay,
			"RoutingLag is %s: it is 0 to DeregistrationDelay, %s", s.RoutingLag, s.DeregistrationDelay),
	)
}

func check(ok bool, format string, args ...any) error {
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
			return nil, fmt.Errorf("balancer: Matcher is %q: it is status codes from 200 to 499, such as 200 or 200,302 or 200-299", text)
		}
		m = append(m, struct{ from, to int }{from, to})
	}
	return m, nil
}
