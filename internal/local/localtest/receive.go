package localtest

import (
	"context"
	"testing"
	"time"
)

// Patience is how long a test waits for what an environment does. An image that is built without a cache takes minutes.
const Patience = 5 * time.Minute

// Receive returns the next value of a channel, or the zero value if it is closed. It fails the test if that does not
// happen within a minute: a test that hangs says nothing.
func Receive[T any](t testing.TB, what string, from <-chan T) (value T) {
	t.Helper()
	return ReceiveWithin(t, time.Minute, what, from)
}

// ReceiveWithin is Receive with another bound.
func ReceiveWithin[T any](t testing.TB, bound time.Duration, what string, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(bound):
		t.Fatalf("never: %s", what)
	}
	return value
}

// Bounded returns a context that ends after Patience, for what waits by a context.
func Bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}
