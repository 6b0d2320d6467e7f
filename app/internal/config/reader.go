package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lookup returns the value of one variable; an empty value counts as unset.
type Lookup func(name string) string

// reader reads variables and collects every problem, so that an operator fixes a broken configuration in one go instead
// of one restart per problem.
type reader struct {
	lookup   Lookup
	problems []error
}

func (r *reader) string(name, fallback string) string {
	if value := r.lookup(name); value != "" {
		return value
	}
	return fallback
}

func (r *reader) secret(name, fallback string) Secret { return Secret(r.string(name, fallback)) }

func (r *reader) oneOf(name, fallback string, allowed ...string) string {
	value := r.string(name, fallback)
	r.require(slices.Contains(allowed, value), "%s=%q: write one of %s", name, value, strings.Join(allowed, ", "))
	return value
}

func (r *reader) number(name string, fallback, lowest, highest int) int {
	text := r.string(name, strconv.Itoa(fallback))
	value, err := strconv.Atoi(text)
	ok := err == nil && lowest <= value && value <= highest
	r.require(ok, "%s=%q: write a whole number from %d to %d", name, text, lowest, highest)
	if !ok {
		return fallback
	}
	return value
}

func (r *reader) seconds(name string, fallback, lowest, highest int) time.Duration {
	return time.Duration(r.number(name, fallback, lowest, highest)) * time.Second
}

// address returns an IP address, or "".
func (r *reader) address(name string) string {
	value := r.lookup(name)
	_, err := netip.ParseAddr(value)
	r.require(err == nil || value == "", "%s=%q: write an IP address such as 127.0.0.1, or nothing for all", name, value)
	return value
}

// require records a problem unless ok.
func (r *reader) require(ok bool, format string, args ...any) {
	if !ok {
		r.problems = append(r.problems, fmt.Errorf(format, args...))
	}
}

// requireURL checks a URL. Its message leaves the value out, which may contain a password.
func (r *reader) requireURL(name, value string, schemes ...string) {
	u, err := url.Parse(value)
	ok := err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
	r.require(ok, "%s: write a URL that begins with %s:// and names a host; "+
		"percent-encode special characters in a password", name, strings.Join(schemes, ":// or "))
}

func (r *reader) err() error { return errors.Join(r.problems...) }
