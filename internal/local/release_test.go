package local

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/config"
	"dozen/internal/local/localtest"
	"dozen/internal/local/rollout"
)

// Prevents: every release costs some users a request. Each release runs under load, with every answer to what AWS does not
// specify: whether SIGTERM or deregistration comes first, and how long a target still gets requests after its deregistration, up
// to the lag that the settings assume. The third question is from when the deregistration delay counts; the load balancer
// here takes the reading that cuts requests off earlier.
func TestReleasesDropNothing(t *testing.T) {
	type answer struct {
		lag   time.Duration
		order rollout.StopOrder
	}
	lag := config.Development().Web.RoutingLag
	answers := []answer{
		{0, rollout.DeregisterFirst}, {lag / 2, rollout.TerminateFirst}, {lag, rollout.DeregisterFirst}, {lag, rollout.Together},
	}
	releases, rate, least := 1, 120, int64(0)
	if os.Getenv("DOZEN_LONG") != "" {
		answers = []answer{
			{0, rollout.DeregisterFirst}, {lag / 2, rollout.DeregisterFirst}, {lag, rollout.DeregisterFirst},
			{0, rollout.TerminateFirst}, {lag / 2, rollout.TerminateFirst}, {lag, rollout.TerminateFirst}, {lag, rollout.Together},
		}
		releases, rate, least = 3, 600, 10_000
	}
	for _, row := range answers {
		t.Run(fmt.Sprintf("lag %s, %s", row.lag, row.order), func(t *testing.T) {
			if os.Getenv("DOZEN_LONG") == "" {
				t.Parallel() // in the long proof, each load has the machine for itself
			}
			w := startBundled(t, func(s *Settings) { s.RoutingLag, s.StopOrder = row.lag, row.order })
			sink := w.sink()
			accepted := 0
			for number := range releases {
				directory := next(t, number)
				began := time.Now()
				l, stop := startLoad(t, w.url, rate, least)
				out, err := w.release(directory)
				took := time.Since(began)
				stop()
				if err != nil {
					t.Fatalf("release %d: %v\n%s", number, err, out)
				}
				accepted += int(l.accepted.Load())
				if len(l.failures) > 0 {
					t.Fatalf("release %d failed %d of %d requests:\n%s", number, len(l.failures), l.sent.Load(), strings.Join(l.failures[:min(len(l.failures), 20)], "\n"))
				}
				if l.slow.Load() < 5 || l.accepted.Load() < 50 {
					t.Errorf("the load was too small: %d requests, %d events, %d slow requests", l.sent.Load(), l.accepted.Load(), l.slow.Load())
				}
				t.Logf("release %d: 0 of %d requests failed, %d of them took as long as the app allows; %s", number, l.sent.Load(), l.slow.Load(), took.Round(100*time.Millisecond))
			}
			eventually(t, "every accepted event is delivered", func() bool { return sink.count() == accepted })
		})
	}
}

// Prevents: a broken image takes the service down, or a release hangs for hours.
func TestABrokenImageIsRolledBack(t *testing.T) {
	t.Parallel()
	w := startBundled(t, nil)
	w.sink()
	before := w.running("web")
	if fmt.Sprint(before) != "[web-1]" {
		t.Errorf("the first tasks are %v, want web-1", before)
	}
	broken := changed(t, bundled(t), func(context string) {
		mustEdit(t, filepath.Join(context, "internal", "web", "health.go"), `writeJSON(w, http.StatusOK, map[string]string{"status": "alive"`,
			`writeJSON(w, http.StatusInternalServerError, map[string]string{"status": "broken"`)
	})
	l, stop := startLoad(t, w.url, 50, 0)
	out, err := w.release(broken)
	stop()
	if err == nil || !strings.Contains(err.Error(), "rolled back") || !strings.Contains(err.Error(), "web: ") {
		t.Fatalf("the release of a broken image: %v\n%s", err, out)
	}
	if !strings.Contains(err.Error(), "(Web.StartBudget): GET /livez answered 500, wanted 200") {
		t.Errorf("the reason is not said: %v", err)
	}
	if len(l.failures) > 0 {
		t.Errorf("%d of %d requests failed:\n%s", len(l.failures), l.sent.Load(), strings.Join(l.failures, "\n"))
	}
	if after := w.running("web"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("web's tasks were %v and are %v", before, after)
	}
	var took time.Duration
	if found := regexp.MustCompile(`was rolled back after (\S+);`).FindStringSubmatch(err.Error()); found != nil {
		took, _ = time.ParseDuration(found[1])
	}
	if promise := failedReleaseTime(t); took == 0 || took > promise {
		t.Errorf("rolled back after %s; the template promises %s", took, promise)
	}
	t.Logf("rolled back after %s, 0 of %d requests failed: %v", took, l.sent.Load(), err)
	if out, err := w.release(next(t, 1)); err != nil {
		t.Fatalf("the fixed release: %v\n%s", err, out)
	}
}

// Prevents: "web-4: exit code 2" and nothing else; and `dozen ps` after a week, whose every line is a task that has stopped.
func TestACrashingReleaseShowsItsLastLines(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	for number := range 3 {
		broken := changed(t, synthesized(t), func(context string) {
			add(t, filepath.Join(context, "main.go"), fmt.Sprintf(
				"\nfunc init() {\n\tif len(os.Args) > 1 && os.Args[1] == \"web\" {\n\t\tpanic(\"in the code of %d\")\n\t}\n}\n", number))
		})
		out, err := w.release(broken)
		if err == nil || strings.Count(err.Error(), fmt.Sprintf("panic: in the code of %d", number)) != 1 {
			t.Fatalf("the release of a crashing web: %v\n%s", err, out)
		}
	}
	if tasks := w.tasks("web"); len(tasks) != 3 {
		t.Errorf("tasks of web: %v, want the running one and two that have stopped", tasks)
	}
}

// failedReleaseTime is the longest time that a failed release takes by the template: Fargate's 30 s to start a task and
// the failed health checks after the grace period, for as many waves of tasks as the circuit breaker needs. A machine
// that is busy with other tests gets no more.
func failedReleaseTime(t *testing.T) time.Duration {
	t.Helper()
	env, err := readEnvironment(synthesized(t), "dev")
	if err != nil {
		t.Fatal(err)
	}
	templates := &templates{env: env}
	services, err := env.Services(templates.answer)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := env.TargetGroups(templates.answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range services {
		if s.TargetGroup != nil {
			least := max(s.Scaling.Min, 1)
			unhealthy := max(s.HealthGrace, groups[0].HealthInterval*time.Duration(groups[0].UnhealthyThreshold))
			return time.Duration((s.Breaker.Failures+least-1)/least) * (30*time.Second + unhealthy + groups[0].HealthInterval)
		}
	}
	t.Fatal("no service has a load balancer")
	return 0
}

// Prevents: new code on an old schema.
func TestAFailingMigrationChangesNothing(t *testing.T) {
	t.Parallel()
	w := startBundled(t, nil)
	status, err := w.Status(localtest.Bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	broken := changed(t, bundled(t), func(context string) {
		file := filepath.Join(context, "internal", "database", "migrations", "99999_broken.sql")
		if err := os.WriteFile(file, []byte("-- +goose Up\nSELECT 1/0 AS of_this_release;\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	out, err := w.release(broken)
	if err == nil || !strings.Contains(err.Error(), "no service was changed") || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("the release: %v\n%s", err, out)
	}
	after, err := w.Status(localtest.Bounded(t))
	if err != nil || fmt.Sprint(after) != fmt.Sprint(status) {
		t.Errorf("the status was %v and is %v, %v", status, after, err)
	}
}

// Prevents: a proof that cannot fail. An app that ends at SIGTERM and ignores the routing lag loses requests, and so does a
// deregistration delay that has no time for the lag.
func TestTheProofFindsWhatIsTooShort(t *testing.T) {
	if os.Getenv("DOZEN_LONG") == "" {
		t.Skip("DOZEN_LONG is not set")
	}
	web := config.Development().Web
	delay := func(d time.Duration) string {
		return fmt.Sprintf(`{"Key":"deregistration_delay.timeout_seconds","Value":"%.0f"}`, d.Seconds())
	}
	for name, change := range map[string]func(*Settings){
		"an app that ends at once": func(s *Settings) {
			s.RoutingLag, s.StopOrder = time.Second, rollout.TerminateFirst
			s.Assembly = changed(t, bundled(t), func(context string) {
				mustEdit(t, filepath.Join(context, "internal", "web", "server.go"), "if s.Config.RoutingLag > 0 {", "if false {")
			})
		},
		"a delay without the lag": func(s *Settings) {
			s.RoutingLag = web.RoutingLag
			s.Assembly = templated(t, bundled(t), delay(web.Drain().Deregistration()), delay(web.LongestRequest+time.Second))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := startBundled(t, change)
			w.sink()
			l, stop := startLoad(t, w.url, 120, 0)
			out, err := w.release(next(t, 1))
			stop()
			if err != nil {
				t.Fatal(err, out)
			}
			if len(l.failures) == 0 {
				t.Errorf("none of %d requests failed", l.sent.Load())
			}
			t.Logf("%d of %d requests failed, the first: %s", len(l.failures), l.sent.Load(), l.failures[:min(len(l.failures), 1)])
		})
	}
}

// Prevents: an app in Go whose line has $PORT is compiled under the name sh, and every shell of its tasks is the app.
func TestProgramsOfShellLinesAreCompiled(t *testing.T) {
	directory := templated(t, bundled(t), `"Command":["dozen-app","web"]`, `"Command":["sh","-c","A=1 exec bin/web-app --port $PORT | cat"]`,
		`"Command":["dozen-app","worker"]`, `"Command":["sh","-c","sh -c true && dozen-worker"]`)
	env, err := readEnvironment(directory, "dev")
	if err != nil {
		t.Fatal(err)
	}
	r, err := (&templates{env: env}).release()
	if err != nil {
		t.Fatal(err)
	}
	names := r.commands()
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "bin/web-app dozen-app dozen-worker" {
		t.Errorf("compiled are %s", got)
	}
}
