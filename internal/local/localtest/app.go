package localtest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Fixture is the directory below the checkout whose app/ is the app that the tests run on. It is ours: whatever a team puts into the
// checkout's own app/, the tests see the same.
const Fixture = "test/fixture"

// Bundled reports whether the checkout's app/ is the app that comes with Dozen, and not a team's own.
func Bundled(checkout string) bool {
	module, _ := os.ReadFile(filepath.Join(checkout, "app", "go.mod"))
	return bytes.HasPrefix(module, []byte("module dozen/app\n"))
}

// NeedsBundled skips a test that is about the bundled app, or proves something with it, where a team has replaced it.
func NeedsBundled(t testing.TB, checkout string) {
	t.Helper()
	if !Bundled(checkout) {
		t.Skip("app/ is not the app that comes with Dozen")
	}
}
