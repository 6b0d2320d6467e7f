package local

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dozen/internal/local/localtest"
)

// A test that waits for an answer fails instead of hanging.
func init() { http.DefaultClient.Timeout = localtest.Patience }

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(localtest.Patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// world is an environment that runs during a test.
type world struct {
	*Client
	t     *testing.T
	out   *localtest.Transcript
	home  Home
	url   string
	ended chan error
	stop  context.CancelFunc
}

// start runs dev until the test ends, and waits until it serves.
func start(t *testing.T, change func(*Settings)) *world {
	t.Helper()
	w := begin(t, change)
	eventually(t, "the environment serves:\n"+w.out.String(), func() bool {
		select {
		case err := <-w.ended:
			t.Fatalf("the environment has ended: %v\n%s", err, w.out)
		default:
		}
		return strings.Contains(w.out.String(), "serves at")
	})
	status, err := w.Status(localtest.Bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	w.url = status.URL
	return w
}

// startBundled is start with the bundled app, and skips the test if a team has replaced it.
func startBundled(t *testing.T, change func(*Settings)) *world {
	t.Helper()
	assembly := bundled(t)
	return start(t, func(s *Settings) {
		s.Assembly = assembly
		if change != nil {
			change(s)
		}
	})
}

// begin starts dev without waiting for it.
func begin(t *testing.T, change func(*Settings)) *world {
	t.Helper()
	directory, err := os.MkdirTemp(scratch, "s")
	if err == nil {
		err = os.Chmod(directory, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	settings := Settings{
		Assembly: synthesized(t), Environment: "dev", Checkout: checkout, App: filepath.Join(checkout, "app"), Home: Home{filepath.Join(directory, "dev")},
		Engine: "none", Plain: true,
	}
	if change != nil {
		change(&settings)
	}
	w := &world{
		t: t, out: &localtest.Transcript{}, home: settings.Home, Client: Dial(settings.Home), ended: make(chan error, 1),
	}
	settings.Out = w.out
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go func() { w.ended <- Up(ctx, settings) }()
	t.Cleanup(func() {
		stop()
		w.wait()
		if t.Failed() {
			t.Logf("the environment printed\n%s", w.out)
		}
	})
	return w
}

// wait waits for the end. It may be called several times.
func (w *world) wait() error {
	w.t.Helper()
	err := localtest.ReceiveWithin(w.t, localtest.Patience, "the environment ends", w.ended)
	w.ended <- err
	return err
}

// command runs a one-off command and returns its output.
func (w *world) command(words ...string) (string, error) {
	cmd, err := w.Command(localtest.Bounded(w.t), words)
	if err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must runs a one-off command that has to succeed.
func (w *world) must(words ...string) string {
	w.t.Helper()
	out, err := w.command(words...)
	if err != nil {
		w.t.Fatalf("%v: %v\n%s", words, err, out)
	}
	return out
}

// sink is a destination for the events of the source "proof" that counts each event once.
type sink struct {
	mu     sync.Mutex
	events map[string]int
}

func (w *world) sink() *sink {
	w.t.Helper()
	s := &sink{events: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events[r.Header.Get("Idempotency-Key")]++
	}))
	w.t.Cleanup(server.Close)
	w.must("dozen-app", "source", "add", "proof", "--secret", proofSecret, "--rate", "1000000")
	w.must("dozen-app", "destination", "add", "sink", "proof", server.URL, "--allow-private", "--concurrency", "64")
	return s
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// tasks returns the tasks of a process.
func (w *world) tasks(process string) []TaskStatus {
	w.t.Helper()
	status, err := w.Status(localtest.Bounded(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	var tasks []TaskStatus
	for _, task := range status.Tasks {
		if strings.HasPrefix(task.Name, process+"-") {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// running returns the names of a process's running tasks.
func (w *world) running(process string) []string {
	var names []string
	for _, task := range w.tasks(process) {
		if task.PID != 0 {
			names = append(names, task.Name)
		}
	}
	return names
}

func (w *world) release(directory string) (string, error) {
	var out strings.Builder
	err := w.Release(localtest.Bounded(w.t), directory, &out)
	return out.String(), err
}

// next returns an assembly with another image of the bundled app that does the same.
func next(t *testing.T, number int) string {
	t.Helper()
	return changed(t, bundled(t), func(context string) {
		add(t, filepath.Join(context, "main.go"), fmt.Sprintf("\n// Release %d.\n", number))
	})
}
