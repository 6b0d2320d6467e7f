package web

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/cache"
	"dozen/app/internal/config"
	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
	"dozen/app/internal/operator"
	"dozen/app/internal/testsuite"
)

func TestMain(m *testing.M) { testsuite.Main(m) }

const (
	secret   = "a-secret-for-tests-only"
	email    = "ada@example.com"
	password = "correct horse battery"
)

// site is a web server with its services, a source of each scheme, and the log.
type site struct {
	*httptest.Server
	server *Server
	cache  testsuite.Cache
	log    *bytes.Buffer
}

func newSite(t *testing.T, settings map[string]string) *site {
	t.Helper()
	valkey := testsuite.Valkey(t)
	values := map[string]string{"CACHE_URL": valkey.URL()}
	for name, value := range settings {
		values[name] = value
	}
	cfg, err := config.Load(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	client, err := cache.Open(cfg.Cache, awsapi.New(cfg.AWS))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	db := testsuite.Database(t)
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{cache: valkey, log: &bytes.Buffer{}}
	s.server = &Server{Config: cfg, Log: slog.New(slog.NewJSONHandler(s.log, nil)), Metrics: metric.New(io.Discard, "", "web"),
		DB: db, Cache: client, Inbox: inbox.New(db, jobs)}
	for _, scheme := range inbox.Schemes {
		if err := s.server.Inbox.AddSource(t.Context(), inbox.Source{Name: scheme, Scheme: scheme, Secret: secret, RatePerMinute: 6000}); err != nil {
			t.Fatal(err)
		}
	}
	s.Server = httptest.NewServer(s.server.Handler())
	t.Cleanup(s.Close)
	return s
}

func signed(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// send posts a body and returns the status and the decoded answer.
func (s *site) send(t *testing.T, path, body string, header map[string]string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("POST %s: answer %d is not JSON: %v", path, response.StatusCode, err)
	}
	if response.StatusCode >= 400 && (response.Header.Get("Content-Type") != "application/problem+json" ||
		answer["status"] != float64(response.StatusCode) || answer["detail"] == "") {
		t.Errorf("POST %s: %d is not a problem of RFC 9457: %v", path, response.StatusCode, answer)
	}
	return response.StatusCode, answer
}

func TestIngest(t *testing.T) {
	s := newSite(t, nil)
	body := `{"id":"evt_1"}`
	now := fmt.Sprint(time.Now().Unix())
	good := map[string]map[string]string{
		"hmac":   {"X-Signature": signed(body), "Idempotency-Key": "k"},
		"github": {"X-Hub-Signature-256": "sha256=" + signed(body), "X-GitHub-Delivery": "g", "Content-Type": "application/json", "X-GitHub-Event": "push"},
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
		{"unknown source", "/in/nobody", body, good["hmac"], 404},
		{"no signature", "/in/hmac", body, nil, 401},
		{"other body", "/in/hmac", body + " ", good["hmac"], 401},
		{"malformed JSON", "/in/hmac", "{", map[string]string{"X-Signature": signed("{"), "Content-Type": "application/json; charset=utf-8"}, 400},
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

// One source must not starve the others; and without the cache, an event is
// worth more than a limit.
func TestRateLimitPerSourceFailsOpen(t *testing.T) {
	s := newSite(t, nil)
	for _, name := range []string{"busy", "quiet"} {
		if err := s.server.Inbox.AddSource(t.Context(), inbox.Source{Name: name, Scheme: "hmac", Secret: secret, RatePerMinute: 5}); err != nil {
			t.Fatal(err)
		}
	}
	post := func(name string) int {
		code, _ := s.send(t, "/in/"+name, "x", map[string]string{"X-Signature": signed("x")})
		return code
	}
	// At the turn of a minute the count begins anew: at most twice the rate passes.
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

// browser is a client with cookies, and without redirects.
func (s *site) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (s *site) ask(t *testing.T, client *http.Client, method, path string, form url.Values, header ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func login(word string) url.Values { return url.Values{"email": {email}, "password": {word}} }

func (s *site) loggedIn(t *testing.T) *http.Client {
	t.Helper()
	if err := operator.Add(t.Context(), s.server.DB, email, password); err != nil {
		t.Fatal(err)
	}
	client := s.browser(t)
	if response, body := s.ask(t, client, "POST", "/login", login(password)); response.StatusCode != 303 {
		t.Fatalf("login: %d\n%s", response.StatusCode, body)
	}
	return client
}

// Nothing of the page is to be had without a login.
func TestPageNeedsALogin(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	stranger := s.browser(t)
	for _, page := range []string{"GET /", "GET /events/x", "POST /events/x/replay", "GET /routes", "POST /sources", "POST /destinations"} {
		method, path, _ := strings.Cut(page, " ")
		if response, _ := s.ask(t, stranger, method, path, nil); response.StatusCode != 303 || response.Header.Get("Location") != "/login" {
			t.Errorf("%s for a stranger: %d", page, response.StatusCode)
		}
	}
	if response, body := s.ask(t, client, "GET", "/", nil); response.StatusCode != 200 || !strings.Contains(body, email) {
		t.Errorf("GET / for an operator: %d", response.StatusCode)
	}
	if response, _ := s.ask(t, client, "POST", "/logout", nil); response.StatusCode != 303 {
		t.Errorf("logout: %d", response.StatusCode)
	}
	if response, _ := s.ask(t, client, "GET", "/", nil); response.StatusCode != 303 {
		t.Errorf("GET / after the logout: %d", response.StatusCode)
	}
}

func TestLoginRefusesAndSlowsGuessing(t *testing.T) {
	s := newSite(t, nil)
	s.loggedIn(t)
	guesser := s.browser(t)
	if response, _ := s.ask(t, guesser, "POST", "/login", url.Values{"email": {"eve@example.com"}, "password": {password}}); response.StatusCode != 401 {
		t.Errorf("an unknown email: %d", response.StatusCode)
	}
	codes := map[int]int{}
	for range loginTries + 3 {
		response, _ := s.ask(t, guesser, "POST", "/login", login("wrong"))
		codes[response.StatusCode]++
	}
	if codes[401] > loginTries || codes[429] < 3 {
		t.Errorf("guesses were answered %v; want 429 after %d", codes, loginTries)
	}
	if response, _ := s.ask(t, guesser, "POST", "/login", login(password)); response.StatusCode != 429 {
		t.Errorf("the right password after too many guesses: %d", response.StatusCode)
	}
	if strings.Contains(s.log.String(), password) {
		t.Error("a password is in the log")
	}
}

// A form on another site must not act in an operator's name.
func TestOtherSitesCannotPost(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	form := url.Values{"name": {"stolen"}, "scheme": {"hmac"}}
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		if response, _ := s.ask(t, client, "POST", "/sources", form, header...); response.StatusCode != 403 {
			t.Errorf("a post with %v: %d, want 403", header, response.StatusCode)
		}
	}
	if response, _ := s.ask(t, client, "POST", "/sources", form, "Sec-Fetch-Site", "same-origin"); response.StatusCode != 200 {
		t.Errorf("our own form: %d", response.StatusCode)
	}
}

func TestSecurityHeadersAndCookie(t *testing.T) {
	s := newSite(t, map[string]string{"APP_URL": "https://inbox.example.com"})
	if err := operator.Add(t.Context(), s.server.DB, email, password); err != nil {
		t.Fatal(err)
	}
	response, _ := s.ask(t, s.browser(t), "POST", "/login", login(password))
	cookie := response.Header.Get("Set-Cookie")
	for _, part := range []string{"__Host-session=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "Strict-Transport-Security": "max-age", "Cache-Control": "no-store"} {
		if !strings.Contains(response.Header.Get(name), want) {
			t.Errorf("%s is %q", name, response.Header.Get(name))
		}
	}
	// The cache must not hold what logs in.
	token := regexp.MustCompile(`=([A-Z2-7]+)`).FindStringSubmatch(cookie)[1]
	hashed, err := s.server.Cache.Get(t.Context(), sessionKey(token))
	plain, _ := s.server.Cache.Get(t.Context(), "session:"+token)
	if err != nil || hashed != email || plain != "" || strings.Contains(sessionKey(token), token) {
		t.Errorf("the cache has %q and %q, %v", hashed, plain, err)
	}
}

// What a sender posts is shown as text and never as markup.
func TestPageEscapesWhatSendersPost(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	evil := `<script>alert(1)</script>`
	_, answer := s.send(t, "/in/hmac", evil, map[string]string{"X-Signature": signed(evil), "Idempotency-Key": evil, "X-Custom": evil})
	for _, path := range []string{"/", "/?q=" + url.QueryEscape(evil), "/events/" + answer["id"].(string)} {
		response, body := s.ask(t, client, "GET", path, nil)
		if response.StatusCode != 200 || strings.Contains(body, evil) || !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("GET %s: %d\n%s", path, response.StatusCode, body)
		}
	}
}

func TestListSearchAndPages(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	var last string
	for i := range pageSize + 5 {
		_, answer := s.send(t, "/in/hmac", "x", map[string]string{"X-Signature": signed("x"), "Idempotency-Key": fmt.Sprintf("key-%d", i)})
		last = answer["id"].(string)
	}
	rows := func(path string) int {
		t.Helper()
		response, body := s.ask(t, client, "GET", path, nil)
		if response.StatusCode != 200 {
			t.Fatalf("GET %s: %d", path, response.StatusCode)
		}
		return strings.Count(body, `<a href="/events/`)
	}
	_, first := s.ask(t, client, "GET", "/?source=hmac", nil)
	older := regexp.MustCompile(`/\?(before=[^"]+)">Older`).FindStringSubmatch(first)
	if older == nil {
		t.Fatal("no link to older events")
	}
	for path, want := range map[string]int{"/": pageSize, "/?" + strings.ReplaceAll(older[1], "&amp;", "&"): 5, "/?q=key-7": 1,
		"/?q=" + last: 1, "/?q=nothing": 0, "/?source=stripe": 0, "/?state=dead": 0, "/?before=nonsense": pageSize} {
		if got := rows(path); got != want {
			t.Errorf("GET %s lists %d events, want %d", path, got, want)
		}
	}
	if response, _ := s.ask(t, client, "GET", "/events/nonsense", nil); response.StatusCode != 404 {
		t.Errorf("an event that is not there: %d", response.StatusCode)
	}
}

func TestRoutesAreManagedOnThePage(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	good := url.Values{"name": {"billing"}, "source": {"hmac"}, "url": {"https://billing.example.com/hook"}}
	if response, body := s.ask(t, client, "POST", "/destinations", good); response.StatusCode != 200 || !strings.Contains(body, "shown only now") {
		t.Fatalf("add a destination: %d\n%s", response.StatusCode, body)
	}
	for field, value := range map[string]string{"name": "Not Good", "url": "ftp://x", "source": "nobody", "attempts": "1000", "concurrency": "x", "secret": "short"} {
		bad := url.Values{}
		for name := range good {
			bad.Set(name, good.Get(name))
		}
		bad.Set(field, value)
		if response, body := s.ask(t, client, "POST", "/destinations", bad); response.StatusCode != 422 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s=%q: %d", field, value, response.StatusCode)
		}
	}
	list, err := s.server.Inbox.Destinations(t.Context())
	if err != nil || len(list) != 1 || list[0].AllowPrivate {
		t.Errorf("destinations are %+v, %v; want one, which may not be private", list, err)
	}
}

// Without the cache nobody can log in, and everybody is told so; events and
// health checks go on.
func TestCacheIsNotNeededForEvents(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	s.cache.Kill()
	if response, _ := s.ask(t, client, "GET", "/", nil); response.StatusCode != 503 {
		t.Errorf("the page: %d", response.StatusCode)
	}
	if response, _ := s.ask(t, client, "POST", "/login", login(password)); response.StatusCode != 503 {
		t.Errorf("the login: %d", response.StatusCode)
	}
	response, body := s.ask(t, client, "GET", "/readyz", nil)
	if response.StatusCode != 200 || !strings.Contains(body, `"cache":"away"`) {
		t.Errorf("readyz: %d %s", response.StatusCode, body)
	}
	if code, _ := s.send(t, "/in/hmac", "x", map[string]string{"X-Signature": signed("x")}); code != 202 {
		t.Errorf("an event: %d", code)
	}
}
