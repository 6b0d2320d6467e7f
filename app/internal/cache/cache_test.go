package cache

import (
	"context"
	"net/http"
	"net/http/httptest"
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
	// A counter that never expires would refuse a source's events forever.
	left, err := cache.do(t.Context(), "PTTL", "n")
	if ms, ok := left.(int64); err != nil || !ok || ms <= 0 || ms > time.Hour.Milliseconds() {
		t.Errorf("time to live is %v, %v", left, err)
	}
}

func TestMain(m *testing.M) { testsuite.Main(m) }
