package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"dozen/app/internal/operator"
)

// browser returns a client that keeps cookies and does not follow redirects.
func (s *site) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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

func login(password string) url.Values { return url.Values{"email": {email}, "password": {password}} }

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

// No page is accessible without a login.
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
	unknown := url.Values{"email": {"eve@example.com"}, "password": {password}}
	if response, _ := s.ask(t, guesser, "POST", "/login", unknown); response.StatusCode != 401 {
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
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
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
	for name, want := range map[string]string{"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "Strict-Transport-Security": "max-age", "Cache-Control": "no-store"} {
		if !strings.Contains(response.Header.Get(name), want) {
			t.Errorf("%s is %q", name, response.Header.Get(name))
		}
	}
	for _, part := range []string{"default-src 'none';", "form-action 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(contentPolicy, part) {
			t.Errorf("the policy %q lacks %s", contentPolicy, part)
		}
	}
	// The cache must not contain anything to log in with.
	token := regexp.MustCompile(`=([A-Z2-7]+)`).FindStringSubmatch(cookie)[1]
	hashed, err := s.server.Cache.Get(t.Context(), sessionKey(token))
	plain, _ := s.server.Cache.Get(t.Context(), "session:"+token)
	if err != nil || !strings.HasSuffix(hashed, " "+email) || plain != "" || strings.Contains(sessionKey(token), token) {
		t.Errorf("the cache has %q and %q, %v", hashed, plain, err)
	}
}

// A page shows what a sender posts as text, never as markup.
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

// Prevents: a login page that nobody has a login for, and a mistyped address that looks like a broken server.
func TestStrangersAreToldTheWay(t *testing.T) {
	s := newSite(t, nil)
	ask := func(path, accept string) (*http.Response, string) {
		t.Helper()
		request := httptest.NewRequest("GET", path, nil)
		request.Header.Set("Accept", accept)
		answer := httptest.NewRecorder()
		s.server.Handler().ServeHTTP(answer, request)
		return answer.Result(), answer.Body.String()
	}
	const browser = "text/html,application/xhtml+xml"
	if _, page := ask("/login", browser); !strings.Contains(page, "dozen-app createadmin") {
		t.Errorf("the login page does not say how to get a login:\n%s", page)
	}
	response, page := ask("/nowhere", browser)
	if response.StatusCode != 404 || !strings.Contains(page, "style.css") || response.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("a browser gets %s\n%s", response.Status, page)
	}
	if response, page = ask("/nowhere", "*/*"); response.StatusCode != 404 || strings.Contains(page, "<html") {
		t.Errorf("another client gets %s\n%s", response.Status, page)
	}
	if response, _ = ask("/in/hmac", "*/*"); response.StatusCode != 405 {
		t.Errorf("GET /in/hmac: %s", response.Status)
	}
}

func TestRoutesAreManagedOnThePage(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	good := url.Values{"name": {"billing"}, "source": {"hmac"}, "url": {"https://billing.example.com/hook"}}
	response, body := s.ask(t, client, "POST", "/destinations", good)
	if response.StatusCode != 200 || !strings.Contains(body, "shown only now") {
		t.Fatalf("add a destination: %d\n%s", response.StatusCode, body)
	}
	for field, value := range map[string]string{
		"name": "Not Good", "url": "ftp://x", "source": "nobody", "attempts": "1000", "concurrency": "x", "secret": "short",
	} {
		bad := url.Values{}
		for name := range good {
			bad.Set(name, good.Get(name))
		}
		bad.Set(field, value)
		response, body := s.ask(t, client, "POST", "/destinations", bad)
		if response.StatusCode != 422 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s=%q: %d", field, value, response.StatusCode)
		}
	}
	list, err := s.server.Inbox.Destinations(t.Context())
	if err != nil || len(list) != 1 || list[0].AllowPrivate {
		t.Errorf("destinations are %+v, %v; want one, which may not be private", list, err)
	}
}

// A form has no field that allows private addresses: only the command does.
func TestThePageCannotAllowPrivateAddresses(t *testing.T) {
	s := newSite(t, nil)
	form := url.Values{"name": {"billing"}, "source": {"hmac"}, "url": {"https://billing.example.com/hook"}}
	for _, field := range []string{"private", "allow-private", "allow_private", "AllowPrivate"} {
		form.Set(field, "true")
	}
	if response, body := s.ask(t, s.loggedIn(t), "POST", "/destinations", form); response.StatusCode != 200 {
		t.Fatalf("%d\n%s", response.StatusCode, body)
	}
	list, err := s.server.Inbox.Destinations(t.Context())
	if err != nil || len(list) != 1 || list[0].AllowPrivate {
		t.Errorf("destinations are %+v, %v; want one, which may not be private", list, err)
	}
}
