package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"dozen/internal/proxy"
)

// Prevents: a part of the protocol that the proxy does not pass on.
func TestEveryWayToAskPasses(t *testing.T) {
	a := start(t, newSecrets(), nil)
	conn := a.dial(t)
	if _, err := conn.Do("SET", "key", strings.Repeat("x", 5<<20)); err != nil {
		t.Fatal(err)
	}
	if text, err := redis.String(conn.Do("GET", "key")); err != nil || len(text) != 5<<20 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	for range 1000 {
		if err := conn.Send("INCR", "count"); err != nil {
			t.Fatal(err)
		}
	}
	replies, err := redis.Values(conn.Do(""))
	if err != nil || len(replies) != 1000 {
		t.Errorf("a pipeline of 1000 commands gave %d replies, %v", len(replies), err)
	}
	if _, err := redis.Values(conn.Do("HELLO", "3")); err != nil && !strings.Contains(err.Error(), "unexpected") {
		t.Errorf("RESP3: %v", err) // redigo itself reads RESP2 only
	}
	subscription := redis.PubSubConn{Conn: a.dial(t)}
	if err := subscription.Subscribe("channel"); err != nil {
		t.Fatal(err)
	}
	subscription.Receive()
	if _, err := a.dial(t).Do("PUBLISH", "channel", "text"); err != nil {
		t.Fatal(err)
	}
	if message, ok := subscription.Receive().(redis.Message); !ok || string(message.Data) != "text" {
		t.Errorf("the subscription received %v", message)
	}
	if user, err := redis.String(a.dial(t).Do("ACL", "WHOAMI")); err != nil || user != "app" {
		t.Errorf("the user is %q, %v", user, err)
	}
}

// Prevents: an app behaves otherwise in an outage than it does without the proxy.
func TestWhatClientsOfTheCacheSee(t *testing.T) {
	elsewhere := lay(t, "127.0.0.2", fmt.Sprintf("127.0.0.1:%d", cache.Port))
	for name, c := range map[string]struct {
		secrets func(*secrets)
		change  func(*proxy.Settings)
		words   string
	}{
		"no server":        {change: func(s *proxy.Settings) { s.Cache.Address = free(t) }},
		"another server":   {change: func(s *proxy.Settings) { s.Cache.Address = elsewhere.address }},
		"no secret":        {change: func(s *proxy.Settings) { s.Cache.SecretARN = "missing" }},
		"a wrong password": {secrets: func(s *secrets) { s.set("cache", "AWSCURRENT", "app", "wrong") }, words: "WRONGPASS"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSecrets()
			if c.secrets != nil {
				c.secrets(s)
			}
			_, err := start(t, s, c.change).dial(t).Do("PING")
			if c.words == "" && !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("the client got %v, want a closed connection", err)
			}
			if !strings.Contains(err.Error(), c.words) {
				t.Errorf("the client got %v, want %s", err, c.words)
			}
		})
	}
}
