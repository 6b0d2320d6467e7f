package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
)

func TestIngest(t *testing.T) {
	s := newSite(t, nil)
	body := `{"id":"evt_1"}`
	now := fmt.Sprint(time.Now().Unix())
	good := map[string]map[string]string{
		"hmac": {"X-Signature": signed(body), "Idempotency-Key": "k"},
		"github": {"X-Hub-Signature-256": "sha256=" + signed(body), "X-GitHub-Delivery": "g",
			"Content-Type": "application/json", "X-GitHub-Event": "push"},
		"stripe": {"Stripe-Signature": "t=" + now + ",v1=" + signed(now+"."+body)},
	}
	for scheme, header := range good {
		code, first := s.send(t, "/in/"+scheme, body, header)
		again, second := s.send(t, "/in/"+scheme, body, header)
		if code != 202 || again != 202 || first["id"] != second["id"] || first["duplicate"] != false || second["duplicate"] != true {
			t.Errorf("%s: %d %v, then %d %v; want the same id twice", scheme, code, first, again, second)
		}
	}
	events, err := s.server.Inbox.Events(t.Context(), inbox.Filter{Limit: 10})
	if err != nil || len(events) != 3 {
		t.Errorf("%d events are stored, %v; want one for each source", len(events), err)
	}
	large := strings.Repeat("x", maxBody+1)
	bad := []struct {
		what, path, body string
		header           map[string]string
		want             int
	}{
		{"an unknown source", "/in/nobody", body, good["hmac"], 404},
		{"no signature", "/in/hmac", body, nil, 401},
		{"other body", "/in/hmac", body + " ", good["hmac"], 401},
		{"malformed JSON", "/in/hmac", "{",
			map[string]string{"X-Signature": signed("{"), "Content-Type": "application/json; charset=utf-8"}, 400},
		{"no delivery id", "/in/github", body, map[string]string{"X-Hub-Signature-256": "sha256=" + signed(body)}, 400},
		{"too large", "/in/hmac", large, map[string]string{"X-Signature": signed(large)}, 413},
	}
	for _, c := range bad {
		if code, answer := s.send(t, c.path, c.body, c.header); code != c.want {
			t.Errorf("%s: %d %v, want %d", c.what, code, answer, c.want)
		}
	}
	for _, hidden := range []string{secret, "evt_1", signed(body)} {
		if strings.Contains(s.log.String(), hidden) {
			t.Errorf("%q is in the log", hidden)
		}
	}
}

// One source must not starve the others. Without the cache, an event is worth more than a limit.
func TestRateLimitPerSourceFailsOpen(t *testing.T) {
	s := newSite(t, nil)
	for _, name := range []string{"busy", "quiet"} {
		source := inbox.Source{Name: name, Scheme: "hmac", Secret: secret, RatePerMinute: 5}
		if err := s.server.Inbox.AddSource(t.Context(), source); err != nil {
			t.Fatal(err)
		}
	}
	post := func(name string) int {
		code, _ := s.send(t, "/in/"+name, "x", map[string]string{"X-Signature": signed("x")})
		return code
	}
	// When a new minute begins, the count starts again, so up to twice the rate may pass.
	codes := map[int]int{}
	for range 20 {
		codes[post("busy")]++
	}
	if codes[202] < 5 || codes[202] > 10 || codes[202]+codes[429] != 20 {
		t.Errorf("answers %v, want 5 accepted in a minute and 429 for the others", codes)
	}
	if code := post("quiet"); code != 202 {
		t.Errorf("another source is limited too: %d", code)
	}
	s.cache.Kill()
	for range 10 {
		if code := post("quiet"); code != 202 {
			t.Fatalf("without the cache: %d, want everything accepted", code)
		}
	}
	if count := strings.Count(s.log.String(), "no rate limit for now"); count == 0 || count > 9 {
		t.Errorf("the failing cache is logged %d times for 10 events", count)
	}
}

// Without the cache nobody can log in, and everybody is told so. Events and health checks still work.
func TestCacheIsNotNeededForEvents(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	s.cache.Kill()
	if response, _ := s.ask(t, client, "GET", "/", nil); response.StatusCode != 503 {
		t.Errorf("the page: %d", response.StatusCode)
	}
	for _, typed := range []string{password, "a guess"} { // which nobody could count
		if response, _ := s.ask(t, client, "POST", "/login", login(typed)); response.StatusCode != 503 {
			t.Errorf("the login with %q: %d", typed, response.StatusCode)
		}
	}
	response, body := s.ask(t, client, "GET", "/readyz", nil)
	if response.StatusCode != 200 || !strings.Contains(body, `"cache":"away"`) {
		t.Errorf("readyz: %d %s", response.StatusCode, body)
	}
	if code, _ := s.send(t, "/in/hmac", "x", map[string]string{"X-Signature": signed("x")}); code != 202 {
		t.Errorf("an event: %d", code)
	}
}
