// Package cache keeps sessions and counters in Valkey. They may be lost at any time: every caller must be able to
// continue without the cache.
package cache

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
)

// Timeouts are short: a slow cache is worse than none.
const (
	dialTimeout  = time.Second
	replyTimeout = 500 * time.Millisecond
	// checkIdle is how long a connection may be idle and still be used without a PING first.
	checkIdle = time.Second
	// maxIdle connections are kept for the next peak: opening one costs a TLS handshake and a login, many times as
	// much as the command that it is opened for.
	maxIdle = 64
)

// Cache is a pool of connections. It is safe for concurrent use.
type Cache struct{ pool *redis.Pool }

// Open returns a cache. It connects when it is first used.
func Open(cfg config.Cache, aws *awsapi.Client) (*Cache, error) {
	address := cfg.URL.Reveal()
	if u, err := url.Parse(address); err != nil || u.Host == "" {
		return nil, errors.New("CACHE_URL: not a URL with a host") // without the URL, which may contain a password
	}
	// Without a secret, the URL contains the login, if any.
	logins := awsapi.NewLogins(aws, cfg.SecretARN, awsapi.Login{})
	dial := func(ctx context.Context) (redis.Conn, error) {
		login, err := logins.Get(ctx)
		if err != nil {
			return nil, fmt.Errorf("CACHE_SECRET_ARN: %w", err)
		}
		options := []redis.DialOption{
			redis.DialConnectTimeout(dialTimeout),
			redis.DialTLSHandshakeTimeout(replyTimeout),
			redis.DialReadTimeout(replyTimeout),
			redis.DialWriteTimeout(replyTimeout),
		}
		if login.Password != "" {
			options = append(options, redis.DialUsername(login.Username), redis.DialPassword(login.Password))
		}
		conn, err := redis.DialURLContext(ctx, address, options...)
		if loginRefused(err) {
			logins.Invalidate(login.Password)
		}
		return conn, explain(err)
	}
	return &Cache{&redis.Pool{
		DialContext: dial,
		MaxIdle:     maxIdle,
		IdleTimeout: time.Minute,
		TestOnBorrow: func(conn redis.Conn, since time.Time) error {
			if time.Since(since) < checkIdle {
				return nil
			}
			_, err := conn.Do("PING")
			return err
		},
	}}, nil
}

// explain adds the remedy to an error that an operator can fix.
func explain(err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return fmt.Errorf("CACHE_URL: the server's certificate is not trusted; "+
			"set SSL_CERT_FILE to the certificate of its authority, "+
			"and use the host name in CACHE_URL that the certificate was issued for: %w", err)
	case loginRefused(err):
		return fmt.Errorf("the cache refuses the login; "+
			"check the username and password in CACHE_SECRET_ARN or CACHE_URL: %w", err)
	}
	return err
}

// Close closes all connections.
func (c *Cache) Close() error { return c.pool.Close() }

// Ping returns nil if the cache answers.
func (c *Cache) Ping(ctx context.Context) error {
	_, err := c.do(ctx, "PING")
	return err
}

// Set stores a value that expires after ttl.
func (c *Cache) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	_, err := c.do(ctx, "SET", key, value, "PX", ttl.Milliseconds())
	return err
}

// Get returns a value, or "" if the key does not exist.
func (c *Cache) Get(ctx context.Context, key string) (string, error) {
	value, err := redis.String(c.do(ctx, "GET", key))
	if errors.Is(err, redis.ErrNil) {
		return "", nil
	}
	return value, err
}

// Delete removes a value.
func (c *Cache) Delete(ctx context.Context, key string) error {
	_, err := c.do(ctx, "DEL", key)
	return err
}

// count adds to a counter. A new counter gets a time to live.
var count = redis.NewScript(1, `
local sum = redis.call("INCRBY", KEYS[1], ARGV[1])
if sum == tonumber(ARGV[1]) then redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return sum`)

// Count adds to a counter and returns the sum. The counter expires ttl after it was created.
func (c *Cache) Count(ctx context.Context, key string, by int, ttl time.Duration) (sum int, err error) {
	err = c.withConn(ctx, func(conn redis.Conn) error {
		sum, err = redis.Int(count.DoContext(ctx, conn, key, by, ttl.Milliseconds()))
		return err
	})
	return sum, err
}

func (c *Cache) do(ctx context.Context, command string, args ...any) (reply any, err error) {
	err = c.withConn(ctx, func(conn redis.Conn) error {
		reply, err = redis.DoContext(conn, ctx, command, args...)
		return err
	})
	return reply, err
}

func (c *Cache) withConn(ctx context.Context, use func(redis.Conn) error) error {
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return use(conn)
}

func loginRefused(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), "NOAUTH"))
}
