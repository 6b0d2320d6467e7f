package backing_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"dozen/internal/local/backing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The real server, and the in-process replacement where none is installed, accept the same clients.
func TestCacheAcceptsTheClientsThatElastiCacheDoes(t *testing.T) {
	for name, path := range map[string]string{"installed": os.Getenv("PATH"), "none installed": ""} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t)
			ours, others := authority(t, dir), authority(t, directory(t))
			t.Setenv("PATH", path)
			c := startCache(t, cache(dir, ours))
			conn, err := dial(c.Address, "app", everyCharacter, ours)
			must(t, err)
			defer func() { _ = conn.Close() }()
			if _, err := conn.Do("SET", "key", "value"); err != nil {
				t.Error(err)
			}
			if value, err := redis.String(conn.Do("GET", "key")); err != nil || value != "value" {
				t.Errorf("%q, %v", value, err)
			}
			for what, try := range map[string]func() (redis.Conn, error){
				"wrong password":  func() (redis.Conn, error) { return dial(c.Address, "app", "guess", ours) },
				"no login":        func() (redis.Conn, error) { return dial(c.Address, "", "", ours) },
				"no TLS":          func() (redis.Conn, error) { return dial(c.Address, "app", everyCharacter, nil) },
				"wrong authority": func() (redis.Conn, error) { return dial(c.Address, "app", everyCharacter, others) },
			} {
				conn, err := try()
				if err == nil {
					_, err = conn.Do("GET", "key")
					_ = conn.Close()
				}
				if err == nil {
					t.Errorf("%s: the client is accepted", what)
				}
			}
			if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "valkey 8.1") || path == "" && !strings.Contains(c.Notes[0], "apt-get install") {
				t.Errorf("notes %q", c.Notes)
			}
			port := c.Port
			c.Stop()
			if again := startCache(t, cache(dir, ours)); again.Port != port {
				t.Errorf("port %d, was %d", again.Port, port)
			}
		})
	}
}

func TestCacheHonoursTheAccessString(t *testing.T) {
	dir := directory(t)
	settings := cache(dir, authority(t, dir))
	settings.Access = "on ~allowed:* +get"
	c := startCache(t, settings)
	conn, err := dial(c.Address, "app", everyCharacter, settings.Authority)
	must(t, err)
	defer func() { _ = conn.Close() }()
	if _, err := conn.Do("GET", "allowed:1"); err != nil {
		t.Error(err)
	}
	if _, err := conn.Do("GET", "other"); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("a forbidden key: %v", err)
	}
}

// All problems with the settings are reported at once, before any server runs.
func TestSettingsAreChecked(t *testing.T) {
	if _, err := backing.StartCache(t.Context(), backing.CacheSettings{}); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("cache: %v", err)
	}
	if _, err := backing.StartDatabase(t.Context(), backing.DatabaseSettings{}); err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Errorf("database: %v", err)
	}
}
