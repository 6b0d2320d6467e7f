package backing_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"

	"dozen/internal/local/backing"
	"dozen/internal/local/localtest"
)

// everyCharacter is a password that breaks any code that quotes it wrongly.
var everyCharacter = func() string {
	text := ""
	for c := ' '; c <= '~'; c++ {
		text += string(c)
	}
	return text
}()

// A test that waits for an answer fails instead of hanging.
func init() { http.DefaultClient.Timeout = time.Minute }

// TestMain lets the test binary also run as the parent that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BACKING_TEST_PARENT"); dir != "" {
		parent(dir)
	}
	os.Exit(m.Run())
}

func parent(dir string) {
	authority, err := backing.OpenAuthority(filepath.Join(dir, "authority"))
	exitOn(err)
	db, err := backing.StartDatabase(context.Background(), database(dir, authority))
	exitOn(err)
	cache, err := backing.StartCache(context.Background(), cache(dir, authority))
	exitOn(err)
	exitOn(json.NewEncoder(os.Stdout).Encode([]int{db.Port, cache.Port}))
	select {}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// killedParent starts the servers in another process and kills that process.
func killedParent(t *testing.T, dir string) (ports [2]int) {
	t.Helper()
	cmd := exec.CommandContext(localtest.Bounded(t), os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), "BACKING_TEST_PARENT="+dir), os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer time.AfterFunc(localtest.Patience, func() { _ = cmd.Process.Kill() }).Stop()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	must(t, err)
	must(t, json.Unmarshal(line, &ports))
	return ports
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// directory returns a short directory that user nobody can reach: other users cannot enter t.TempDir.
func directory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "backing")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o711))
	return dir
}

func authority(t *testing.T, dir string) *backing.Authority {
	t.Helper()
	a, err := backing.OpenAuthority(filepath.Join(dir, "authority"))
	must(t, err)
	return a
}

func database(dir string, a *backing.Authority) backing.DatabaseSettings {
	return backing.DatabaseSettings{Dir: filepath.Join(dir, "database"), Version: "17.9", Name: "app", Username: "app",
		Password: everyCharacter, Authority: a, Checkout: "../../..",
		Parameters: map[string]string{"max_connections": "33", "fsync": "off", "rds.force_ssl": "1", "log_min_duration_statement": "1000"}}
}

func startDatabase(t *testing.T, s backing.DatabaseSettings) *backing.Database {
	t.Helper()
	db, err := backing.StartDatabase(t.Context(), s)
	must(t, err)
	t.Cleanup(db.Stop)
	return db
}

func cache(dir string, a *backing.Authority) backing.CacheSettings {
	return backing.CacheSettings{Dir: filepath.Join(dir, "cache"), Engine: "valkey", Version: "8.1", Username: "app",
		Password: everyCharacter, Access: "on ~* &* +@all", Authority: a}
}

func startCache(t *testing.T, s backing.CacheSettings) *backing.Cache {
	t.Helper()
	c, err := backing.StartCache(t.Context(), s)
	must(t, err)
	t.Cleanup(c.Stop)
	return c
}

// login connects to the database, without TLS if the authority is nil.
func login(t *testing.T, port int, user, password string, a *backing.Authority) (*pgx.Conn, error) {
	t.Helper()
	config, err := pgx.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=app sslmode=disable connect_timeout=60", port, user))
	must(t, err)
	config.Password = password
	if a != nil {
		config.TLSConfig = &tls.Config{RootCAs: a.Pool(), ServerName: "127.0.0.1"}
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err == nil {
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	return conn, err
}

func dial(address, user, password string, a *backing.Authority) (redis.Conn, error) {
	options := []redis.DialOption{redis.DialUsername(user), redis.DialPassword(password),
		redis.DialConnectTimeout(time.Minute), redis.DialReadTimeout(time.Minute)}
	if a != nil {
		options = append(options, redis.DialUseTLS(true), redis.DialTLSConfig(&tls.Config{RootCAs: a.Pool(), ServerName: "localhost"}))
	}
	return redis.Dial("tcp", address, options...)
}
