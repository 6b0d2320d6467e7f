package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dozen/app/internal/testserver"
	"dozen/app/internal/testsuite"
)

// output is a buffer that may be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(line)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// A newcomer's first minute: start, paste the printed curl, see the event come
// back, press Ctrl-C.
func TestDevRunsEverything(t *testing.T) {
	above := t.TempDir()
	app := filepath.Join(above, "app")
	if err := errors.Join(os.Chmod(above, 0o755), os.Chmod(filepath.Dir(above), 0o755)); err != nil { // for PostgreSQL's user
		t.Fatal(err)
	}
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// A copy, because a developer may be running it in the repository.
	if err := os.CopyFS(app, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOWORK", "off")
	port, err := testserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out := &output{}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, app, fmt.Sprint(port), out) }()
	t.Cleanup(func() { stop() })
	has := func(text string) {
		t.Helper()
		testsuite.Eventually(t, 90*time.Second, func() error {
			select {
			case err := <-ended:
				t.Fatalf("dev has exited: %v\n%s", err, out)
			default:
			}
			if !strings.Contains(out.String(), text) {
				return fmt.Errorf("no %q in:\n%s", text, out)
			}
			return nil
		})
	}
	has("Ctrl-C stops everything")
	for _, process := range []string{"web", "worker", "scheduler"} {
		has(process + " started")
	}
	if err := run(ctx, app, "0", out); err == nil || !strings.Contains(err.Error(), "already running") {
		t.Errorf("a second one ends with %v", err)
	}
	if _, err := os.Stat(filepath.Join(app, ".dev")); err == nil {
		t.Error("the data is in the app's directory, and so in the context of its image")
	}
	var curl []string // as it is copied from the terminal
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "body=") || strings.Contains(line, "X-Signature") {
			curl = append(curl, line)
		}
	}
	// Nobody else in the network: 127.0.0.2 is this machine too, but not the address that BIND names.
	if conn, err := net.DialTimeout("tcp", "127.0.0.2:"+fmt.Sprint(port), 5*time.Second); err == nil {
		_ = conn.Close()
		t.Error("web listens on every address")
	}
	asking, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	printed, err := exec.CommandContext(asking, "sh", "-c", strings.Join(curl, "")).CombinedOutput()
	if err != nil || !strings.Contains(string(printed), "202 Accepted") {
		t.Fatalf("the printed command fails: %v\n%s", err, printed)
	}
	has("got event ")
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("dev ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("dev does not exit")
	}
	for _, process := range []string{"web", "worker", "scheduler"} {
		if !strings.Contains(out.String(), process+" stopped") {
			t.Errorf("%s was not stopped gracefully", process)
		}
	}
}
