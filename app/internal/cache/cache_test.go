package cache

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/testsuite"
)

// The cache's password rotates too, and comes from a secret: new connections must use the new one without a restart.
func TestPasswordComesFromTheSecretAndMayRotate(t *testing.T) {
	server, fake := testsuite.Valkey(t), testsuite.NewAWS(t)
	values := fake.Variables()
	values["CACHE_URL"], values["CACHE_SECRET_ARN"] = server.URL(), "arn:aws:secretsmanager:x"
	cfg, err := config.Load(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	admin, err := Open(config.Cache{URL: cfg.Cache.URL}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close() }()
	conn := admin.pool.Get() // stays logged in while the password changes
	defer func() { _ = conn.Close() }()
	rotate := func(password string) {
		t.Helper()
		if _, err := conn.Do("CONFIG", "SET", "requirepass", password); err != nil {
			t.Skip("the in-process server has no passwords to rotate")
		}
		if _, err := conn.Do("AUTH", password); err != nil {
			t.Fatal(err)
		}
		fake.SetLogin(awsapi.Current, awsapi.Login{Username: "default", Password: password})
	}
	rotate("a first ^password")
	cache, err := Open(cfg.Cache, awsapi.New(cfg.AWS))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cache.Close() }()
	if err := cache.Set(t.Context(), "key", "value", time.Minute); err != nil {
		t.Fatal(err)
	}
	rotate("a second/password")
	if _, err := conn.Do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"); err != nil {
		t.Fatal(err)
	}
	testsuite.Eventually(t, 5*time.Second, func() error {
		_, err := cache.Get(t.Context(), "key")
		return err
	})
	if fetches := fake.Fetches(); fetches > 3 { // one of them for a pending password
		t.Errorf("the secret was fetched %d times for two passwords", fetches)
	}
}

// The rate limit waits for a tenth of a second, and fetching a secret may take longer. If every caller started the
// fetch again, there would never be a connection.
func TestSecretArrivesForImpatientCallers(t *testing.T) {
	server, fake := testsuite.Valkey(t), testsuite.NewAWS(t)
	fake.SetLogin(awsapi.Current, awsapi.Login{Username: "default"})
	const patience = 50 * time.Millisecond
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(3 * patience)
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(slow.Close)
	values := fake.Variables()
	values["AWS_ENDPOINT_URL"], values["CACHE_URL"], values["CACHE_SECRET_ARN"] = slow.URL, server.URL(), "arn:aws:secretsmanager:x"
	cfg, err := config.Load(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	cache, err := Open(cfg.Cache, awsapi.New(cfg.AWS))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cache.Close() }()
	testsuite.Eventually(t, 10*time.Second, func() error {
		ctx, done := context.WithTimeout(t.Context(), patience)
		defer done()
		return cache.Ping(ctx)
	})
}

func TestCounterExpires(t *testing.T) {
	server := testsuite.Valkey(t)
	cache, err := Open(config.Cache{URL: config.Secret(server.URL())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cache.Close() }()
	for want := 2; want <= 6; want += 2 {
		if got, err := cache.Count(t.Context(), "n", 2, time.Hour); err != nil || got != want {
			t.Errorf("count = %d, %v; want %d", got, err, want)
		}
	}
	// A counter that never expires would refuse a source's events forever; one whose use prolongs its life, too.
	wantTTL(t, cache, "n", time.Hour)
	if _, err := cache.do(t.Context(), "PEXPIRE", "n", 60_000); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Count(t.Context(), "n", 2, time.Hour); err != nil {
		t.Fatal(err)
	}
	wantTTL(t, cache, "n", time.Minute)
}

// wantTTL requires a key to expire about then.
func wantTTL(t *testing.T, cache *Cache, key string, want time.Duration) {
	t.Helper()
	left, err := cache.do(t.Context(), "PTTL", key)
	ms, ok := left.(int64)
	if ttl := time.Duration(ms) * time.Millisecond; err != nil || !ok || ttl > want || ttl < want-time.Minute/2 {
		t.Errorf("%s lives for %v ms, %v; want %s", key, left, err, want)
	}
}

// A session that never expires is a login for good.
func TestValuesExpire(t *testing.T) {
	cache, err := Open(config.Cache{URL: config.Secret(testsuite.Valkey(t).URL())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cache.Close() }()
	if err := cache.Set(t.Context(), "session", "x", time.Hour); err != nil {
		t.Fatal(err)
	}
	wantTTL(t, cache, "session", time.Hour)
}

// The address may hold a password, and the error goes to the log.
func TestWrongAddressIsNotShown(t *testing.T) {
	for _, address := range []string{"redis://:hunter2@", "redis://:hunter2@%zz", "hunter2"} {
		if _, err := Open(config.Cache{URL: config.Secret(address)}, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A server that accepts connections and says nothing must not hold up its callers.
func TestAHangingCacheIsGivenUp(t *testing.T) {
	server, ok := testsuite.Valkey(t).(interface {
		testsuite.Cache
		Freeze()
	})
	if !ok {
		t.Skip("this needs a real server")
	}
	cache, err := Open(config.Cache{URL: config.Secret(server.URL())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cache.Close() }()
	if err := cache.Ping(t.Context()); err != nil { // there is a connection
		t.Fatal(err)
	}
	server.Freeze()
	answered := make(chan error, 1)
	go func() { answered <- cache.Ping(context.Background()) }()
	select {
	case err := <-answered:
		if err == nil {
			t.Error("a frozen server answers")
		}
	case <-time.After(10 * time.Second):
		t.Error("a frozen server holds up its callers")
	}
}

func TestMain(m *testing.M) { testsuite.Main(m) }
