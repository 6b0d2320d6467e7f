// Package testsuite starts one PostgreSQL for each test package, and gives each test its own migrated database and
// empty cache.
package testsuite

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/jackc/pgx/v5"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/testserver"
)

var (
	postgres  *testserver.Postgres
	directory string
	created   atomic.Int64
)

const template = "template_migrated"

// Main runs a package's tests with one PostgreSQL; call it from TestMain.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "dozen-test-")
	directory = dir
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		err = start(dir)
	}
	if postgres != nil {
		defer postgres.Stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "test servers:", err)
		return 1
	}
	return m.Run()
}

func start(dir string) (err error) {
	if postgres, err = testserver.NewPostgres(dir, 0); err != nil {
		return err
	}
	// No test waits for a lock without end.
	postgres.Args = []string{"-c", "statement_timeout=60s"}
	if err := postgres.Start(); err != nil {
		return err
	}
	ctx := context.Background()
	if err := command(ctx, "create database "+template); err != nil {
		return err
	}
	db, err := open(ctx, postgres.URL(template))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Migrate(ctx, slog.New(slog.DiscardHandler), 0)
}

func command(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, postgres.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

func open(ctx context.Context, url string) (*database.DB, error) {
	cfg, err := config.Load(func(name string) string { return map[string]string{"DATABASE_URL": url}[name] })
	if err != nil {
		return nil, err
	}
	return database.Open(ctx, cfg.Database, awsapi.New(cfg.AWS), "test")
}

// Directory returns the package's own directory, for what its tests make once.
func Directory() string { return directory }

// Server returns the package's PostgreSQL, for tests that stop and start it.
func Server() *testserver.Postgres { return postgres }

// DatabaseURL returns the URL of a fresh database, migrated or empty.
func DatabaseURL(t testing.TB, migrated bool) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", created.Add(1))
	sql := "create database " + name
	if migrated {
		sql += " template " + template
	}
	if err := command(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command(context.Background(), "drop database if exists "+name+" with (force)") })
	return postgres.URL(name)
}

// Database opens a fresh, migrated database.
func Database(t testing.TB) *database.DB { return Open(t, DatabaseURL(t, true)) }

// Open opens a database of the package's PostgreSQL.
func Open(t testing.TB, url string) *database.DB {
	t.Helper()
	db, err := open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() { db.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(10 * time.Second): // Close waits for every connection
			t.Error("the test has not given back all connections")
		}
	})
	return db
}

// Cache is a Valkey of one test.
type Cache interface {
	URL() string
	Start() error
	Kill()
}

// Valkey starts a cache. If neither Valkey nor Redis is installed, it prints a note and uses miniredis in this
// process. In CI the test fails instead, because miniredis proves less.
func Valkey(t testing.TB) Cache {
	t.Helper()
	var cache Cache
	if bin := testserver.FindValkey(); bin != "" {
		server, err := testserver.NewValkey(bin, 0)
		if err != nil {
			t.Fatal(err)
		}
		cache = server
	} else {
		if os.Getenv("CI") == "true" {
			t.Fatal("no valkey-server or redis-server found: install one of them")
		}
		fmt.Fprintln(os.Stderr, "NOTE: no valkey-server or redis-server found; the tests use miniredis")
		port, err := testserver.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		cache = &inProcess{address: fmt.Sprintf("127.0.0.1:%d", port)}
	}
	if err := cache.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cache.Kill)
	return cache
}

type inProcess struct {
	address string
	server  *miniredis.Miniredis
}

func (p *inProcess) URL() string { return "redis://" + p.address }

func (p *inProcess) Start() error {
	p.server = miniredis.NewMiniRedis()
	return p.server.StartAddr(p.address)
}

func (p *inProcess) Kill() {
	if p.server != nil {
		p.server.Close()
		p.server = nil
	}
}

// Eventually waits until check returns nil. If that takes longer than patience, the test fails with check's last error.
func Eventually(t testing.TB, patience time.Duration, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %v", patience, err)
		}
	}
}
