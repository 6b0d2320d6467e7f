package local

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"dozen/config"
)

// Prevents: 502s whenever AWS takes a Spot task of web away. The task gets SIGTERM and nothing else: it stays registered until its
// failing health checks have been noticed.
func TestASpotInterruptionDropsNothing(t *testing.T) {
	t.Parallel()
	onDemand := config.Development().Web
	onSpot := onDemand
	onSpot.SpotPercent = 100
	seconds := func(form string, d time.Duration) string { return fmt.Sprintf(form, d.Seconds()) }
	const lag, drain, stop = `{"Name":"ROUTING_LAG_SECONDS","Value":"%.0f"}`, `{"Name":"DRAIN_SECONDS","Value":"%.0f"}`, `"StopTimeout":%.0f,`
	before, after := onDemand.Drain(), onSpot.Drain()
	l := interrupt(t, templated(t, bundled(t),
		seconds(lag, before.Accepts()), seconds(lag, after.Accepts()),
		seconds(drain, before.App()), seconds(drain, after.App()),
		seconds(stop, before.StopTimeout()), seconds(stop, after.StopTimeout())))
	if len(l.failures) > 0 {
		t.Errorf("%d of %d requests failed:\n%s", len(l.failures), l.sent.Load(), strings.Join(l.failures[:min(len(l.failures), 20)], "\n"))
	}
	t.Logf("0 of %d requests failed", l.sent.Load())
}

// Prevents: a proof that cannot fail. The drain of a task that is never interrupted is too short.
func TestTheProofFindsAShortSpotDrain(t *testing.T) {
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("DOZEN_LONG is not set")
	}
	l := interrupt(t, bundled(t))
	if len(l.failures) == 0 {
		t.Errorf("none of %d requests failed", l.sent.Load())
	}
	t.Logf("%d of %d requests failed", len(l.failures), l.sent.Load())
}

// interrupt sends SIGTERM to one of two web tasks under load, and waits until it has ended and another one has taken its place.
func interrupt(t *testing.T, assembly string) *load {
	w := start(t, func(s *Settings) { s.Assembly, s.Scale = assembly, map[string]int{"web": 2} })
	w.sink()
	l, stop := startLoad(t, w.url, 120, 0)
	eventually(t, "requests are answered", func() bool { return l.accepted.Load() > 50 })
	running := func() []TaskStatus {
		return slices.DeleteFunc(w.tasks("web"), func(task TaskStatus) bool { return task.PID == 0 })
	}
	gone := running()[0]
	if err := syscall.Kill(gone.PID, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another task has taken the place of "+gone.Name, func() bool {
		tasks := running()
		healthy := func(task TaskStatus) bool { return task.Name != gone.Name && task.State == "healthy" }
		return len(tasks) == 2 && healthy(tasks[0]) && healthy(tasks[1])
	})
	stop()
	return l
}
