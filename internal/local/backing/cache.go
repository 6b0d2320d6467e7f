package backing

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gomodule/redigo/redis"
)

// CacheSettings are what AWS::ElastiCache::ReplicationGroup and ::User say. All are required.
type CacheSettings struct {
	Dir       string // absolute; holds the port and the configuration, no data
	Engine    string // "valkey" or "redis"
	Version   string // "8.1": another one is a note
	Username  string
	Password  string
	Access    string // "on ~* &* +@all"
	Authority *Authority
}

// Cache is a running Valkey or Redis, or what stands in for it.
type Cache struct{ Server }

// installCache is what a user types to get the real one.
const installCache = "`apt-get install redis-server` or `brew install valkey`"

// StartCache starts an empty cache and returns when the login can be used.
func StartCache(ctx context.Context, s CacheSettings) (*Cache, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	release, err := claim(s.Dir)
	if err != nil {
		return nil, err
	}
	start := s.standIn
	if program, version := findCache(s.Engine); program != "" {
		start = func() (*Cache, error) { return s.run(ctx, program, version) }
	}
	cache, err := start()
	if err != nil {
		release()
		return nil, fmt.Errorf("cache: %w", err)
	}
	stop := cache.stop
	cache.stop = func() { stop(); release() }
	return cache, nil
}

func (s CacheSettings) check() error {
	var errs []error
	if s.Username == "" || strings.ContainsAny(s.Username, " \t\r\n\x00") {
		errs = append(errs, fmt.Errorf("cache: Username %q: want one word", s.Username))
	}
	if s.Password == "" {
		errs = append(errs, errors.New("cache: Password is empty: take it from the template's secret"))
	}
	if s.Access == "" || strings.ContainsAny(s.Access, "\r\n\x00") {
		errs = append(errs, fmt.Errorf("cache: Access %q: want one line, for example \"on ~* &* +@all\"", s.Access))
	}
	if s.Authority == nil {
		errs = append(errs, errors.New("cache: Authority is missing: see OpenAuthority"))
	}
	return errors.Join(errs...)
}

// findCache finds a server that knows the template's access rules: Redis 7 or any Valkey.
func findCache(engine string) (program, version string) {
	names := []string{"valkey-server", "redis-server"}
	if engine == "redis" {
		names = []string{"redis-server", "valkey-server"}
	}
	for _, name := range names {
		out, err := exec.Command(name, "--version").Output()
		if version = versionNumber.FindString(string(out)); err == nil && major(version) >= 7 {
			path, err := exec.LookPath(name)
			if err == nil {
				return path, version
			}
		}
	}
	return "", ""
}

func (s CacheSettings) run(ctx context.Context, program, version string) (*Cache, error) {
	who, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if err := who.settle(s.Dir); err != nil {
		return nil, err
	}
	pidFile := filepath.Join(s.Dir, "server.pid")
	if err := stopLeftover(pidFile, s.Dir, syscall.SIGTERM); err != nil {
		return nil, err
	}
	port, err := freePort(s.Dir)
	if err != nil {
		return nil, err
	}
	configuration, err := s.configure(who, port, pidFile)
	if err != nil {
		return nil, err
	}
	server, err := start(who, filepath.Join(s.Dir, "server.log"), program, configuration)
	if err != nil {
		return nil, err
	}
	cache := &Cache{Server{Address: address(port), Port: port, Version: version}}
	cache.stop = func() { server.stop(syscall.SIGTERM) }
	if err := s.await(ctx, server, port); err != nil {
		cache.Stop()
		return nil, err
	}
	if name := strings.TrimSuffix(filepath.Base(program), "-server"); name != s.Engine || !strings.HasPrefix(version+".", s.Version+".") {
		cache.Notes = append(cache.Notes, fmt.Sprintf("the template pins %s %s, this is %s %s", s.Engine, s.Version, name, version))
	}
	return cache, nil
}

// configure writes the server's files. The password goes in as its hash: other users can read a command line, and a
// hash needs no quoting.
func (s CacheSettings) configure(who account, port int, pidFile string) (path string, err error) {
	certificate, key, err := s.Authority.install(who, s.Dir)
	if err != nil {
		return "", err
	}
	users := filepath.Join(s.Dir, "users.acl")
	rules := fmt.Sprintf("user default off\nuser %s reset #%x %s\n", s.Username, sha256.Sum256([]byte(s.Password)), s.Access)
	if err := who.write(users, []byte(rules)); err != nil {
		return "", err
	}
	path = filepath.Join(s.Dir, "server.conf")
	text := fmt.Sprintf("bind 127.0.0.1\nport 0\ntls-port %d\ntls-auth-clients no\ntls-cert-file %q\ntls-key-file %q\naclfile %q\n"+
		"dir %q\npidfile %q\nset-proc-title no\nsave \"\"\nappendonly no\n", port, certificate, key, users, s.Dir, pidFile)
	return path, who.write(path, []byte(text))
}

func (s CacheSettings) await(ctx context.Context, server *process, port int) error {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	for {
		conn, err := redis.DialContext(ctx, "tcp", address(port), redis.DialUseTLS(true), redis.DialUsername(s.Username), redis.DialPassword(s.Password),
			redis.DialTLSConfig(&tls.Config{RootCAs: s.Authority.Pool(), ServerName: "localhost"}))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-server.done:
			return fmt.Errorf("the server ended at its start: %s", server.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, server.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// standIn runs in this process: it knows the commands, but neither memory limits nor access rules.
func (s CacheSettings) standIn() (*Cache, error) {
	port, err := freePort(s.Dir)
	if err != nil {
		return nil, err
	}
	server := miniredis.NewMiniRedis()
	server.RequireUserAuth(s.Username, s.Password)
	if err := server.StartAddrTLS(address(port), &tls.Config{Certificates: []tls.Certificate{s.Authority.pair}}); err != nil {
		return nil, err
	}
	clock := time.NewTicker(time.Second) // miniredis ages its keys only when told to
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-clock.C:
				server.FastForward(time.Second)
			case <-ended:
				return
			}
		}
	}()
	note := fmt.Sprintf("no Valkey or Redis (7 or newer) is installed: a stand-in without access rules and memory limit plays %s %s; for a real one: %s",
		s.Engine, s.Version, installCache)
	return &Cache{Server{Address: address(port), Port: port, Notes: []string{note},
		stop: func() { clock.Stop(); close(ended); server.Close() }}}, nil
}
