package backlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"

	"dozen/internal/backlog"
	"dozen/internal/local/backing"
	"dozen/internal/proxy"
)

var update = flag.Bool("update", false, "rewrite what the libraries are recorded to write")

// at is the proxy of all tests. It leads to real servers, as it does in a task.
var at struct{ database, cache string }

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "backlog")
	if err == nil {
		err = os.Chmod(dir, 0o711) // the servers run as another user
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err == nil {
		var stop func()
		stop, err = startServers(dir)
		defer stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func startServers(dir string) (stop func(), err error) {
	stop = func() {}
	authority, err := backing.OpenAuthority(filepath.Join(dir, "authority"))
	if err != nil {
		return stop, err
	}
	if err := os.Setenv("SSL_CERT_FILE", authority.Bundle); err != nil {
		return stop, err
	}
	database, err := backing.StartDatabase(context.Background(), backing.DatabaseSettings{
		Dir: filepath.Join(dir, "database"), Version: "17.9", Name: "app", Username: "app", Password: "a password",
		Authority: authority, Checkout: "../..", Parameters: map[string]string{"max_connections": "100", "fsync": "off"},
	})
	if err != nil {
		return stop, err
	}
	stop = database.Stop
	cache, err := backing.StartCache(context.Background(), backing.CacheSettings{
		Dir: filepath.Join(dir, "cache"), Engine: "redis", Version: "7", Username: "app", Password: "a password",
		Access: "on ~* &* +@all", Authority: authority,
	})
	if err != nil {
		return stop, err
	}
	stop = func() { cache.Stop(); database.Stop() }
	at.database, at.cache = free(), free()
	_, err = proxy.Start(proxy.Settings{
		DatabaseName: "app",
		Database:     proxy.Server{Listen: at.database, Address: fmt.Sprintf("127.0.0.1:%d", database.Port), SecretARN: "secret"},
		Cache:        proxy.Server{Listen: at.cache, Address: fmt.Sprintf("127.0.0.1:%d", cache.Port), SecretARN: "secret"},
	}, func(context.Context, string, string) (string, error) {
		return `{"username": "app", "password": "a password"}`, nil
	}, slog.New(slog.DiscardHandler))
	return stop, err
}

// free returns an address that nobody listens at.
func free() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// fresh returns the settings of doors with an empty database and an empty cache, and connections to both.
func fresh(t testing.TB, sources ...backlog.Source) (backlog.Settings, *pgx.Conn, redis.Conn) {
	t.Helper()
	name := strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(t.Name()))
	administrator := connect(t, "app")
	execute(t, administrator, "create database "+name)
	t.Cleanup(func() { execute(t, administrator, "drop database "+name+" with (force)") })
	conn, err := redis.Dial("tcp", at.cache, redis.DialReadTimeout(10*time.Second))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	do(t, conn, "FLUSHALL")
	return backlog.Settings{
		Sources: sources, Database: "postgres://app@" + at.database + "/" + name + "?sslmode=disable",
		Cache: at.cache, Namespace: "app/test", Every: 2 * time.Second, // a second is little on a busy machine
	}, connect(t, name), conn
}

func connect(t testing.TB, name string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), "postgres://app@"+at.database+"/"+name+"?sslmode=disable")
	must(t, err)
	t.Cleanup(func() {
		ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		_ = conn.Close(ctx)
	})
	return conn
}

func execute(t testing.TB, conn *pgx.Conn, statements string) {
	t.Helper()
	ctx, done := context.WithTimeout(context.Background(), 30*time.Second)
	defer done()
	_, err := conn.PgConn().Exec(ctx, statements).ReadAll()
	must(t, err)
}

func value[T any](t testing.TB, conn *pgx.Conn, query string, arguments ...any) (answer T) {
	t.Helper()
	must(t, conn.QueryRow(t.Context(), query, arguments...).Scan(&answer))
	return answer
}

func do(t testing.TB, conn redis.Conn, command string, arguments ...any) any {
	t.Helper()
	answer, err := conn.Do(command, arguments...)
	must(t, err)
	return answer
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// line is what a door prints: a metric line, or a warning.
type line struct {
	Process             string
	Backlog, BacklogAge *float64
	at                  time.Time
	door                int
}

type warning struct{ Process, Error string }

// doors are loops that run at the same time, and what they have printed together.
type doors struct {
	mu       sync.Mutex
	text     bytes.Buffer
	lines    []line
	warnings []warning
	stop     []func() // of each door; it returns when the door has ended
}

// stdout is that of one door.
type stdout struct {
	*doors
	door int
}

// Write takes one line.
func (d stdout) Write(text []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var l struct {
		AWS *json.RawMessage `json:"_aws"`
		line
		Process, Error string
	}
	if err := json.Unmarshal(text, &l); err != nil || text[len(text)-1] != '\n' {
		return 0, fmt.Errorf("a write of %q, which is not one line of JSON: %w", text, err)
	}
	measured := l.line
	measured.Process, measured.at, measured.door = l.Process, time.Now(), d.door
	if l.AWS != nil {
		d.lines = append(d.lines, measured)
	} else {
		d.warnings = append(d.warnings, warning{l.Process, l.Error})
	}
	return d.text.Write(text)
}

// open runs doors until the test ends.
func open(t testing.TB, s backlog.Settings, number int) *doors {
	t.Helper()
	d := &doors{}
	for i := range number {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			backlog.Run(ctx, s, stdout{d, i}, slog.New(slog.NewJSONHandler(stdout{d, i}, nil)))
		}()
		d.stop = append(d.stop, func() {
			cancel()
			select {
			case <-ended:
			case <-time.After(5 * time.Second):
				t.Error("a door does not stop")
			}
		})
	}
	t.Cleanup(d.stopAll)
	return d
}

func (d *doors) stopAll() {
	for _, stop := range d.stop {
		stop()
	}
}

// seen returns what has been printed so far.
func (d *doors) seen() ([]line, []warning) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lines[:len(d.lines):len(d.lines)], d.warnings[:len(d.warnings):len(d.warnings)]
}

// intervals waits for so many intervals from now, and returns their lines.
func (d *doors) intervals(t testing.TB, s backlog.Settings, number int) []line {
	t.Helper()
	before, _ := d.seen()
	select {
	case <-time.After(time.Duration(number) * s.Every):
	case <-t.Context().Done():
	}
	after, _ := d.seen()
	return after[len(before):]
}

// measured returns one line for each source; it fails the test if there is a source without one.
func measured(t testing.TB, s backlog.Settings) map[string]line {
	t.Helper()
	d := open(t, s, 1)
	defer d.stopAll()
	found := map[string]line{}
	eventually(t, fmt.Sprintf("a line for each of %d sources", len(s.Sources)), func() bool {
		lines, warnings := d.seen()
		for _, w := range warnings {
			t.Fatalf("%+v", w)
		}
		for _, l := range lines {
			found[l.Process] = l
		}
		return len(found) == len(s.Sources)
	})
	return maps.Clone(found)
}
