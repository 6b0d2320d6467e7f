package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
)

// keys returns the keys in the cache that match a pattern.
func (s *site) keys(t *testing.T, pattern string) (keys []string, conn redis.Conn) {
	t.Helper()
	conn, err := redis.DialURL(s.cache.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if keys, err = redis.Strings(conn.Do("KEYS", pattern)); err != nil {
		t.Fatal(err)
	}
	return keys, conn
}

// Who can read the cache must not be able to log in with it, and a session that nobody uses must end.
func TestTheCacheHoldsNoToken(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	site, _ := url.Parse(s.URL)
	token := client.Jar.Cookies(site)[0].Value
	keys, conn := s.keys(t, "session:*")
	if len(keys) != 1 || strings.Contains(keys[0], token) {
		t.Fatalf("the cache has %v for the token %s", keys, token)
	}
	left, err := redis.Int64(conn.Do("PTTL", keys[0]))
	if ttl := time.Duration(left) * time.Millisecond; err != nil || ttl < sessionAge-time.Minute || ttl > 12*time.Hour {
		t.Errorf("a session lasts %s, %v; want 12 h", ttl, err)
	}
}

// A copy of the cookie must be worthless after the logout.
func TestALogoutEndsTheSession(t *testing.T) {
	s := newSite(t, nil)
	client := s.loggedIn(t)
	site, _ := url.Parse(s.URL)
	copied := client.Jar.Cookies(site)[0]
	if response, _ := s.ask(t, client, "POST", "/logout", nil); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("logout: %d", response.StatusCode)
	}
	if left := client.Jar.Cookies(site); len(left) > 0 {
		t.Errorf("the browser keeps %v", left)
	}
	if response, _ := s.ask(t, s.browser(t), "GET", "/", nil, "Cookie", copied.String()); response.StatusCode != http.StatusSeeOther {
		t.Errorf("the page with a copy of the cookie: %d", response.StatusCode)
	}
	if keys, _ := s.keys(t, "session:*"); len(keys) > 0 {
		t.Errorf("the cache keeps %v", keys)
	}
}
