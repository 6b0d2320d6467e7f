package inbox

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
)

// Schemes are the ways to sign a request; see package signature.
var Schemes = []string{"hmac", "github", "stripe"}

const (
	minSecret      = 16
	maxConcurrency = 1000 // as many as a worker's highest WORKER_CONCURRENCY
)

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Validate returns every problem of the source at once.
func (s Source) Validate() error {
	var p problems
	p.requireName("source", s.Name)
	p.require(slices.Contains(Schemes, s.Scheme), "scheme %q: write one of %v", s.Scheme, Schemes)
	p.require(len(s.Secret) >= minSecret, "secret: has %d characters, use at least %d", len(s.Secret), minSecret)
	p.require(1 <= s.RatePerMinute && s.RatePerMinute <= math.MaxInt32,
		"rate %d: write 1 to %d events per minute", s.RatePerMinute, math.MaxInt32)
	return errors.Join(p...)
}

// Validate returns every problem of the destination at once.
func (d Destination) Validate() error {
	var p problems
	p.requireName("destination", d.Name)
	u, err := url.Parse(d.URL)
	p.require(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil,
		"url: write http:// or https:// with a host, without a user and password") // it may be a credential itself
	p.require(len(d.Secret) >= minSecret, "secret: has %d characters, use at least %d", len(d.Secret), minSecret)
	p.require(1 <= d.Concurrency && d.Concurrency <= maxConcurrency,
		"concurrency %d: write 1 to %d", d.Concurrency, maxConcurrency)
	p.require(1 <= d.MaxAttempts && d.MaxAttempts <= 100, "attempts %d: write 1 to 100", d.MaxAttempts)
	return errors.Join(p...)
}

// problems are what is wrong with an input; they are reported all at once.
type problems []error

// require records a problem unless ok.
func (p *problems) require(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}

func (p *problems) requireName(kind, name string) {
	p.require(namePattern.MatchString(name),
		"%s name %q: use 1 to 63 of a-z, 0-9 and -, starting with a letter or digit", kind, name)
}
