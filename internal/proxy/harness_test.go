package proxy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"

	"dozen/internal/local/backing"
	"dozen/internal/proxy"
)

// The servers of all tests. They speak TLS only, and so does the proxy with them.
var (
	authority *backing.Authority
	database  *backing.Database
	cache     *backing.Cache
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "proxy")
	if err == nil {
		err = os.Chmod(dir, 0o711) // the servers run as another user
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err == nil {
		err = startServers(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer database.Stop()
	defer cache.Stop()
	return m.Run()
}

const password = "first-password"

func startServers(dir string) (err error) {
	if authority, err = backing.OpenAuthority(filepath.Join(dir, "authority")); err != nil {
		return err
	}
	if err := os.Setenv("SSL_CERT_FILE", authority.Bundle); err != nil {
		return err
	}
	database, err = backing.StartDatabase(context.Background(), backing.DatabaseSettings{
		Dir: filepath.Join(dir, "database"), Version: "17.9", Name: "app", Username: "app", Password: password,
		Authority: authority, Checkout: "../..", Parameters: map[string]string{"max_connections": "60", "fsync": "off"},
	})
	if err != nil {
		return err
	}
	cache, err = backing.StartCache(context.Background(), backing.CacheSettings{
		Dir: filepath.Join(dir, "cache"), Engine: "redis", Version: "7", Username: "app", Password: password,
		Access: "on ~* &* +@all", Authority: authority,
	})
	return err
}

// secrets are what Secrets Manager holds: logins by ARN and stage.
type secrets struct {
	mu     sync.Mutex
	logins map[string]string
	reads  int
}

func newSecrets() *secrets {
	s := &secrets{logins: map[string]string{}}
	s.set("database", "AWSCURRENT", "app", password)
	s.set("cache", "AWSCURRENT", "app", password)
	return s
}

func (s *secrets) set(arn, stage, user, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, _ := json.Marshal(map[string]string{"username": user, "password": password})
	s.logins[arn+" "+stage] = string(text)
}

func (s *secrets) read(_ context.Context, arn, stage string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if text, ok := s.logins[arn+" "+stage]; ok {
		return text, nil
	}
	return "", errors.New("ResourceNotFoundException")
}

// addresses are where the clients of a proxy connect.
type addresses struct{ database, cache string }

// start runs a proxy until the test ends.
func start(t testing.TB, s *secrets, change func(*proxy.Settings)) addresses {
	t.Helper()
	settings := proxy.Settings{
		DatabaseName: "app",
		Database:     proxy.Server{Listen: free(t), Address: fmt.Sprintf("127.0.0.1:%d", database.Port), SecretARN: "database"},
		Cache:        proxy.Server{Listen: free(t), Address: fmt.Sprintf("127.0.0.1:%d", cache.Port), SecretARN: "cache"},
	}
	if change != nil {
		change(&settings)
	}
	p, err := proxy.Start(settings, s.read, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		p.Stop(ctx)
	})
	return addresses{settings.Database.Listen, settings.Cache.Listen}
}

// free returns an address that nobody listens at.
func free(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// query connects as an app does, without TLS and without a password.
func (a addresses) query(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), a.url())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		_ = conn.Close(ctx)
	})
	return conn
}

func (a addresses) url() string { return "postgres://app@" + a.database + "/app?sslmode=disable" }

func (a addresses) dial(t testing.TB) redis.Conn {
	t.Helper()
	conn, err := redis.DialURLContext(t.Context(), "redis://"+a.cache, redis.DialReadTimeout(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
