package localtest

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what takes a second, on a busy machine.
const Patience = 2 * time.Minute

// Receive returns what comes from a channel, or the zero value when it is closed. The test fails if that takes too long: it
// must not hang until the end of the run, which says nothing about the reason.
func Receive[T any](t testing.TB, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(Patience):
		t.Fatalf("nothing has come for %s", Patience)
	}
	return value
}
