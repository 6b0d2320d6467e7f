package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"dozen/app/internal/operator"
)

// guess posts a login and returns the status. Its client's addresses are lines of X-Forwarded-For.
func (s *site) guess(t *testing.T, email, password string, forwarded ...string) int {
	t.Helper()
	form := url.Values{"email": {email}, "password": {password}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header["X-Forwarded-For"] = forwarded
	response, err := s.browser(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

var behindBalancer = map[string]string{"ROUTING_LAG_SECONDS": "1"}

// The limit per email counted what was typed, but the database was asked for the normal form: sixty ways to write one
// email were sixty times ten guesses.
func TestEveryWayToWriteAnEmailCountsAsOne(t *testing.T) {
	s := newSite(t, behindBalancer)
	s.loggedIn(t)
	checked := 0
	for i := range 3 * loginTries {
		written := []byte(email)
		for bit := range 5 { // ada@ex: five letters
			if letter := []int{0, 1, 2, 4, 5}[bit]; i>>bit&1 == 1 {
				written[letter] -= 'a' - 'A'
			}
		}
		if s.guess(t, strings.Repeat(" ", i%3)+string(written), "wrong", fmt.Sprintf("192.0.2.%d", i)) != 429 {
			checked++
		}
	}
	if want := loginTries - 1; checked != want { // the login before them counts too
		t.Errorf("%d guesses for one account were checked, want %d", checked, want)
	}
	if code := s.guess(t, strings.ToUpper(email), password, "192.0.2.99"); code != 429 {
		t.Errorf("the right password after too many guesses: %d", code)
	}
}

// The load balancer adds the client's address as the last one, perhaps in a line of its own. What the client has written
// itself must not count; nor may each address of an IPv6 customer.
func TestLoginsAreLimitedByTheClientsAddress(t *testing.T) {
	forms := map[string]func(i int) []string{
		"one line":        func(i int) []string { return []string{fmt.Sprintf("192.0.2.%d, 192.0.2.%d, 198.51.100.1", i, i+100)} },
		"two lines":       func(i int) []string { return []string{fmt.Sprintf("192.0.2.%d", i), "198.51.100.2"} },
		"mapped and zone": func(i int) []string { return []string{[]string{"198.51.100.3", "::ffff:198.51.100.3"}[i%2]} },
		"one IPv6 /64":    func(i int) []string { return []string{fmt.Sprintf("2001:db8:0:1:%x::1", i)} },
		"not an address":  func(i int) []string { return []string{fmt.Sprintf("x%d", i)} },
	}
	s := newSite(t, behindBalancer)
	for form, lines := range forms {
		checked := 0
		for i := range 4 * loginTries {
			if s.guess(t, fmt.Sprintf("%d@%x.example", i, form), "wrong", lines(i)...) != 429 {
				checked++
			}
		}
		if checked != 3*loginTries {
			t.Errorf("%s: %d guesses from one address were checked, want %d", form, checked, 3*loginTries)
		}
	}
	if code := s.guess(t, email, "wrong", "198.51.100.1, 198.51.100.9"); code != 401 {
		t.Errorf("another client: %d", code)
	}
	if code := s.guess(t, email, "wrong", "2001:db8:0:2::1"); code != 401 {
		t.Errorf("another IPv6 customer: %d", code)
	}
	// Without a load balancer the header is free text.
	direct := newSite(t, nil)
	for i := range 3*loginTries + 1 {
		code := direct.guess(t, fmt.Sprintf("%d@x.example", i), "wrong", fmt.Sprintf("192.0.2.%d", i))
		if want := map[bool]int{true: 429, false: 401}[i == 3*loginTries]; code != want {
			t.Fatalf("guess %d without a load balancer: %d, want %d", i+1, code, want)
		}
	}
}

// An address that has used up its tries could fill the cache with counters, as long as a form and one for each email:
// then sessions and rate limits are evicted.
func TestGuessesDoNotFillTheCache(t *testing.T) {
	s := newSite(t, behindBalancer)
	for i := range 5 * loginTries {
		s.guess(t, fmt.Sprintf("%d%s@x.example", i, strings.Repeat("x", 50_000)), "wrong", "192.0.2.1")
	}
	conn, err := redis.DialURL(s.cache.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	keys, err := redis.Strings(conn.Do("KEYS", "login:*"))
	if err != nil || len(keys) != 3*loginTries+1 || len(strings.Join(keys, "")) > 100*len(keys) {
		t.Errorf("the cache has %d counters in %d bytes, %v; want %d short ones",
			len(keys), len(strings.Join(keys, "")), err, 3*loginTries+1)
	}
}

// A session must not survive the password that it began with, nor its operator.
func TestSessionEndsWithItsPasswordAndItsOperator(t *testing.T) {
	s := newSite(t, nil)
	ends := map[string]func() error{
		"a new password": func() error { return operator.Add(t.Context(), s.server.DB, email, "another long password") },
		"a deleted operator": func() error {
			_, err := s.server.DB.Exec(t.Context(), "delete from operator")
			return err
		},
	}
	for what, end := range ends {
		client := s.loggedIn(t)
		if response, _ := s.ask(t, client, "GET", "/", nil); response.StatusCode != 200 {
			t.Fatalf("%s: the page before it: %d", what, response.StatusCode)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if response, _ := s.ask(t, client, "GET", "/", nil); response.StatusCode != 303 {
			t.Errorf("%s: the page after it: %d, want a redirect to the login", what, response.StatusCode)
		}
	}
	// A session of the previous version, which has no generation, ends too.
	client := s.loggedIn(t)
	site, _ := url.Parse(s.URL)
	if err := s.server.Cache.Set(t.Context(), sessionKey(client.Jar.Cookies(site)[0].Value), email, time.Minute); err != nil {
		t.Fatal(err)
	}
	if response, _ := s.ask(t, client, "GET", "/", nil); response.StatusCode != 303 {
		t.Errorf("a session without a generation: %d", response.StatusCode)
	}
}

// Many logins at once wait for their turn. Who waits too long is told so; nobody gets a 5xx.
func TestTooManyLoginsAtOnceAreNotAServerError(t *testing.T) {
	s := newSite(t, map[string]string{"REQUEST_TIMEOUT_SECONDS": "1", "ROUTING_LAG_SECONDS": "1"})
	codes := make(chan int, 200)
	for i := range cap(codes) {
		go func() { codes <- s.guess(t, fmt.Sprintf("%d@x.example", i), "wrong", fmt.Sprintf("192.0.2.%d", i)) }()
	}
	count := map[int]int{}
	for range cap(codes) {
		count[<-codes]++
	}
	if count[401]+count[429] != cap(codes) || count[401] == 0 || count[429] == 0 {
		t.Errorf("%d logins at once are answered %v, want 401 and 429", cap(codes), count)
	}
}
