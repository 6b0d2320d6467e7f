package balancer

import (
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"dozen/internal/local/localtest"
)

// A release is only as quick and as safe as these transitions: too strict, and a good task gets no requests; too lax,
// and a broken task gets them.
func TestChecksMakeTheState(t *testing.T) {
	s := Settings{HealthyThreshold: 3, UnhealthyThreshold: 2}
	for checks, want := range map[string]State{
		"":         Initial,
		"-":        Initial,
		"+":        Healthy,
		"-+":       Healthy,
		"--":       Unhealthy,
		"--++":     Unhealthy,
		"--+++":    Healthy,
		"--++-+++": Healthy,
		"--++-++":  Unhealthy,
		"+-+-":     Healthy,
		"+--":      Unhealthy,
	} {
		h := health{state: Initial}
		for _, c := range checks {
			h.observe(c == '+', s)
		}
		if h.state != want {
			t.Errorf("after %q the target is %s, want %s", checks, h.state, want)
		}
	}
}

func TestMatcher(t *testing.T) {
	for text, passing := range map[string][]int{"200": {200}, "200,302": {200, 302}, "200-202": {200, 201, 202}} {
		m, err := parseMatcher(text)
		if err != nil {
			t.Fatal(err)
		}
		for status := 200; status < 500; status++ {
			want := false
			for _, p := range passing {
				want = want || p == status
			}
			if m.matches(status) != want {
				t.Errorf("%q matches %d: %v, want %v", text, status, !want, want)
			}
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := New(Settings{HealthPath: "livez", Matcher: "2xx", DeregistrationDelay: -1, RoutingLag: 1}, nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"HealthPath", "HealthInterval", "HealthTimeout", "HealthyThreshold", "UnhealthyThreshold",
		"Matcher", "DeregistrationDelay", "IdleTimeout", "RoutingLag"} {
		if !strings.Contains(err.Error(), field+" is ") {
			t.Errorf("%s is not named in:\n%v", field, err)
		}
	}
}

// A failing task must lose its traffic, and get it back when it has recovered.
func TestTargetFailsAndRecovers(t *testing.T) {
	var ill atomic.Bool
	address := rawBackendStatus(t, &ill)
	var log localtest.Transcript
	b, _ := serveLogging(t, quick(), slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	target := b.Register(address)
	await(t, target, Healthy)
	ill.Store(true)
	await(t, target, Unhealthy)
	_, reason, logged := strings.Cut(log.String(), `msg="target unhealthy"`)
	if !logged || !strings.Contains(reason, "503") && !strings.Contains(reason, "deadline") {
		t.Errorf("the log has no reason:\n%s", log.String())
	}
	ill.Store(false)
	await(t, target, Healthy)
}

func rawBackendStatus(t *testing.T, ill *atomic.Bool) string {
	t.Helper()
	server := &http.ServeMux{}
	server.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) {
		if ill.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	return serveMux(t, server)
}
