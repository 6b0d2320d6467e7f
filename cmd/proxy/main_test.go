package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5"

	"dozen/config"
	"dozen/internal/local/backing"
)

const password = "never-in-a-log"

// world is the program as its container starts it, between real servers and a stand-in for Secrets Manager.
type world struct {
	t               *testing.T
	database, cache string // where the program listens
	variables       []string
	log             bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	check(t, os.Chmod(filepath.Dir(dir), 0o711))
	check(t, os.Chmod(dir, 0o711)) // the servers run as another user
	authority, err := backing.OpenAuthority(filepath.Join(dir, "authority"))
	check(t, err)
	db, err := backing.StartDatabase(t.Context(), backing.DatabaseSettings{
		Dir: filepath.Join(dir, "database"), Version: "17.9", Name: "app", Username: "app", Password: password,
		Authority: authority, Checkout: "../..", Parameters: map[string]string{"max_connections": "150", "fsync": "off"},
	})
	check(t, err)
	t.Cleanup(func() { db.Stop() })
	cache, err := backing.StartCache(t.Context(), backing.CacheSettings{
		Dir: filepath.Join(dir, "cache"), Engine: "redis", Version: "7", Username: "app", Password: password,
		Access: "on ~* &* +@all", Authority: authority,
	})
	check(t, err)
	t.Cleanup(func() { cache.Stop() })
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
	login := fmt.Sprintf(`{"username":"app","password":%q}`, password)
	aws, err := backing.StartAWS(t.Context(), backing.AWSSettings{
		Dir: filepath.Join(dir, "aws"), Region: "eu-west-1", Account: "123456789012",
		Secrets: []backing.Secret{{ARN: arn + "database", Value: login}, {ARN: arn + "cache", Value: login}},
	})
	check(t, err)
	t.Cleanup(func() { aws.Stop() })
	w := &world{t: t, database: free(t), cache: free(t)}
	w.variables = []string{
		"POSTGRES_SERVICE_HOST=127.0.0.1", "POSTGRES_PORT=" + strconv.Itoa(db.Port), "POSTGRES_NAME=app",
		"DATABASE_SECRET_ARN=" + arn + "database", "DATABASE_LISTEN=" + w.database,
		"CACHE_URL=rediss://127.0.0.1:" + strconv.Itoa(cache.Port), "CACHE_SECRET_ARN=" + arn + "cache", "CACHE_LISTEN=" + w.cache,
		"SSL_CERT_FILE=" + authority.Bundle, fmt.Sprintf("GOMEMLIMIT=%dMiB", config.ProxyMemoryMiB),
	}
	for name, value := range aws.Variables() {
		w.variables = append(w.variables, name+"="+value)
	}
	return w
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// free returns an address on which nothing listens.
func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// start runs the program until the test ends. It may have other variables.
func (w *world) start(variables ...string) *exec.Cmd {
	w.t.Helper()
	program := filepath.Join(w.t.TempDir(), "proxy")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(w.variables, variables...), &w.log, &w.log
	check(w.t, cmd.Start())
	w.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// until waits for a condition, for ten seconds at most.
func (w *world) until(what string, condition func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%s: not within 10 s", what)
		}
	}
}

// Prevents: a sidecar that takes the app's memory, that does not end, or that tells a password.
func TestProgramServesWithinItsMemory(t *testing.T) {
	w := newWorld(t)
	cmd := w.start()
	w.until("the program listens", func() bool {
		conn, err := net.Dial("tcp", w.cache)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	const clients = 10 // on each side, as a task of the template has
	large := strings.Repeat("x", 1<<20)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			conn, err := pgx.Connect(context.Background(), "postgres://app@"+w.database+"/app?sslmode=disable")
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close(context.Background()) }()
			var answer string
			if err := conn.QueryRow(context.Background(), "select $1::text", large).Scan(&answer); err != nil || answer != large {
				t.Errorf("%d bytes come back, %v", len(answer), err)
			}
		})
		all.Go(func() {
			conn, err := redis.Dial("tcp", w.cache)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			if answer, err := redis.String(conn.Do("ECHO", large)); err != nil || answer != large {
				t.Errorf("%d bytes come back, %v", len(answer), err)
			}
		})
	}
	all.Wait()
	if most := peakMiB(t, cmd.Process.Pid); most > 0 {
		t.Logf("the proxy held %.1f MiB at most, with %d connections and a MiB on each", most, 2*clients)
		if most > 24 {
			t.Errorf("the proxy held %.1f MiB, want about 20 of the %d that are reserved for it", most, config.ProxyMemoryMiB)
		}
	}
	check(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if log := w.log.String(); strings.Contains(log, password) || strings.Contains(log, "level") {
		t.Errorf("the log is %s", log)
	}
}

// Prevents: a task definition with a mistake, of which only a lost connection tells.
func TestProgramRefusesWhatItCannotServe(t *testing.T) {
	w := newWorld(t)
	for variable, says := range map[string]string{
		"DATABASE_LISTEN=0.0.0.0:5432":             `DATABASE_LISTEN is \"0.0.0.0:5432\"`,
		"CACHE_URL=rediss://:" + password + "@%zz": "CACHE_URL",
		"BACKLOG_SOURCES=[{}]":                     "BACKLOG_SOURCES",
		`BACKLOG_SOURCES=[{"Kind":"resque"}]`:      "resque",
		"CACHE_LISTEN=" + w.database:               "address already in use",
		"DATABASE_LISTEN=127.0.0.1:99999":          "invalid port",
	} {
		w.log.Reset()
		cmd := w.start(variable)
		overdue := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		overdue.Stop()
		if log := w.log.String(); err == nil || !strings.Contains(log, says) || strings.Contains(log, password) {
			t.Errorf("with %s: %v, %s", variable, err, log)
		}
	}
}

// peakMiB returns the most memory that a process has held, 0 where only Linux tells.
func peakMiB(t *testing.T, pid int) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(after)[0])
	check(t, err)
	return float64(kilobytes) / 1024
}
