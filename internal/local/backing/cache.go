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

	"github.com/gomodule/redigo/redis"
)

// CacheSettings are the properties of an AWS::ElastiCache::ReplicationGroup and its ::User. All are required.
type CacheSettings struct {
	Dir       string // absolute; holds the port and the configuration, no data
	Engine    string // "valkey" or "redis"
	Version   string // such as "8.1"; another version gives a note
	Username  string
	Password  string
	Access    string // access string, such as "on ~* &* +@all"
	Authority *Authority
}

// Cache is a running Valkey or Redis, or an in-process replacement.
type Cache struct{ Server }

// installCache is how a user installs a real cache.
const installCache = "`apt-get install redis-server` or `brew install valkey`"

// StartCache starts an empty cache and returns when the login works.
func StartCache(ctx context.Context, s CacheSettings) (*Cache, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	unlock, err := lock(s.Dir)
	if err != nil {
		return nil, err
	}
	start := s.runInProcess
	if program, version := findCache(s.Engine); program != "" {
		start = func() (*Cache, error) { return s.run(ctx, program, version) }
	}
	cache, err := start()
	if err != nil {
		unlock()
		return nil, fmt.Errorf("cache: %w", err)
	}
	stop := cache.stop
	cache.stop = func() { stop(); unlock() }
	return cache, nil
}

func (s CacheSettings) validate() error {
	return errors.Join(
		require(s.Username != "" && !strings.ContainsAny(s.Username, " \t\r\n\x00"),
			"cache: Username is %q: must be one word", s.Username),
		require(s.Password != "", "cache: Password is empty: use the one in the template's secret"),
		require(s.Access != "" && !strings.ContainsAny(s.Access, "\r\n\x00"),
			"cache: Access is %q: must be one line, such as \"on ~* &* +@all\"", s.Access),
		require(s.Authority != nil, "cache: Authority is missing: make one with OpenAuthority"),
	)
}

// findCache finds a server that supports the template's access rules: Redis 7 or newer, or any Valkey.
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
	owner, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if err := owner.chownReachable(s.Dir); err != nil {
		return nil, err
	}
	pidFile := filepath.Join(s.Dir, "server.pid")
	if err := stopLeftover(pidFile, s.Dir, syscall.SIGTERM); err != nil {
		return nil, err
	}
	port, err := reservePort(s.Dir)
	if err != nil {
		return nil, err
	}
	configuration, err := s.configure(owner, port, pidFile)
	if err != nil {
		return nil, err
	}
	server, err := start(owner, filepath.Join(s.Dir, "server.log"), program, configuration)
	if err != nil {
		return nil, err
	}
	cache := &Cache{Server{Address: address(port), Port: port, Version: version}}
	cache.stop = func() { server.stop(syscall.SIGTERM) }
	if err := s.await(ctx, server, port); err != nil {
		cache.Stop()
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(program), "-server")
	if name != s.Engine || !strings.HasPrefix(version+".", s.Version+".") {
		note := fmt.Sprintf("the template pins %s %s; %s %s runs here", s.Engine, s.Version, name, version)
		cache.Notes = append(cache.Notes, note)
	}
	return cache, nil
}

// configure writes the server's configuration. It has the password as a hash, which needs no quoting; a command line
// would show it to other users.
func (s CacheSettings) configure(owner account, port int, pidFile string) (path string, err error) {
	certificate, key, err := s.Authority.install(owner, s.Dir)
	if err != nil {
		return "", err
	}
	users := filepath.Join(s.Dir, "users.acl")
	hash := sha256.Sum256([]byte(s.Password))
	rules := fmt.Sprintf("user default off\nuser %s reset #%x %s\n", s.Username, hash, s.Access)
	if err := owner.write(users, []byte(rules)); err != nil {
		return "", err
	}
	path = filepath.Join(s.Dir, "server.conf")
	configuration := fmt.Sprintf(`bind 127.0.0.1
port 0
tls-port %d
tls-auth-clients no
tls-cert-file %q
tls-key-file %q
aclfile %q
dir %q
pidfile %q
set-proc-title no
save ""
appendonly no
`, port, certificate, key, users, s.Dir, pidFile)
	return path, owner.write(path, []byte(configuration))
}

// await waits until the login works.
func (s CacheSettings) await(ctx context.Context, server *process, port int) error {
	ctx, done := context.WithTimeout(ctx, serverTimeout)
	defer done()
	for {
		conn, err := redis.DialContext(ctx, "tcp", address(port),
			redis.DialUsername(s.Username), redis.DialPassword(s.Password), redis.DialUseTLS(true),
			redis.DialTLSConfig(&tls.Config{RootCAs: s.Authority.Pool(), ServerName: "localhost"}))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-server.done:
			return fmt.Errorf("the server ended right after its start: %s", server.logTail())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", err, server.logTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
