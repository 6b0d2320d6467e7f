package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Lookup returns the value of one variable; an empty value counts as unset.
type Lookup func(name string) string

// reader reads variables and collects every complaint, so that an operator
// mends a broken configuration in one go instead of one restart per mistake.
type reader struct {
	lookup Lookup
	names  []string
	errs   []error
}

func (r *reader) text(name, fallback string) string {
	r.names = append(r.names, name)
	if value := r.lookup(name); value != "" {
		return value
	}
	return fallback
}

func (r *reader) secret(name, fallback string) Secret { return Secret(r.text(name, fallback)) }

func (r *reader) oneOf(name, fallback string, allowed ...string) string {
	value := r.text(name, fallback)
	if !slices.Contains(allowed, value) {
		r.complain(name, value, "write one of "+strings.Join(allowed, ", "))
	}
	return value
}

func (r *reader) number(name string, fallback, lowest, highest int) int {
	text := r.text(name, strconv.Itoa(fallback))
	value, err := strconv.Atoi(text)
	if err != nil || value < lowest || value > highest {
		r.complain(name, text, fmt.Sprintf("write a whole number from %d to %d", lowest, highest))
		return fallback
	}
	return value
}

func (r *reader) seconds(name string, fallback, lowest, highest int) time.Duration {
	return time.Duration(r.number(name, fallback, lowest, highest)) * time.Second
}

func (r *reader) complain(name, value, remedy string) {
	r.errs = append(r.errs, fmt.Errorf("%s=%q: %s", name, value, remedy))
}

// complainSecret leaves the value out of the message: it may hold a password.
func (r *reader) complainSecret(name, remedy string) {
	r.errs = append(r.errs, fmt.Errorf("%s: %s", name, remedy))
}

func (r *reader) err() error { return errors.Join(r.errs...) }
