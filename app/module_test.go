package main

import (
	"os"
	"strings"
	"testing"
)

// The infrastructure's tests that prove something with this app find it by its module's name, and skip without it. Prevents: they
// skip here too, and nobody notices.
func TestTheModuleHasItsName(t *testing.T) {
	module, err := os.ReadFile("go.mod")
	if err != nil || !strings.HasPrefix(string(module), "module dozen/app\n") {
		t.Errorf("go.mod begins with %.40q, %v; localtest.Bundled looks for another line", module, err)
	}
}
