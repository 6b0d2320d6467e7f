// Package cache keeps in Valkey only what may be lost: sessions and counts.
// Everything here must be able to go on without it.
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

// Timeouts are short: a cache that is slow is worse than one that is away.
const (
	dialTimeout  = time.Second
	replyTimeout = 500 * time.Millisecond
	checkIdle    = time.Second // an idle connection older than this is tried first
	// keepIdle connections wait for the next crowd: a new one costs a TLS
	// handshake and a login, many times what it is opened for.
	keepIdle = 64
)

// Cache is a pool of connections. It is safe for concurrent use.
type Cache struct{ pool *redis.Pool }

// Open prepares the pool; it connects when first used.
func Open(cfg config.Cache, aws *awsapi.Client) (*Cache, error) {
	address := cfg.URL.Reveal()
	if u, err := url.Parse(address); err != nil || u.Host == "" {
		return nil, errors.New("CACHE_URL: not a URL with a host") // without its text, which may hold a password
	}
	logins := awsapi.NewLogins(aws, cfg.SecretARN, awsapi.Login{}) // without a secret, the URL has all that is needed
	dial := func(ctx context.Context) (redis.Conn, error) {
		who, err := logins.Get(ctx)
		if err != nil {
			return nil, fmt.Errorf("CACHE_SECRET_ARN: %w", err)
		}
		options := []redis.DialOption{redis.DialConnectTimeout(dialTimeout), redis.DialTLSHandshakeTimeout(replyTimeout),
			redis.DialReadTimeout(replyTimeout), redis.DialWriteTimeout(replyTimeout)}
		if who.Password != "" {
			options = append(options, redis.DialUsername(who.Username), redis.DialPassword(who.Password))
		}
		conn, err := redis.DialURLContext(ctx, address, options...)
		if refused(err) {
			logins.Refused(who.Password)
		}
		return conn, explain(err)
	}
	return &Cache{&redis.Pool{
		DialContext: dial,
		MaxIdle:     keepIdle,
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

// explain adds the remedy to what an operator can mend.
func explain(err error) error {
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return fmt.Errorf("CACHE_URL: the server's certificate is not trusted; let SSL_CERT_FILE name the certificate of its authority, "+
			"and CACHE_URL the host that it is made out for: %w", err)
	case refused(err):
		return fmt.Errorf("the server refuses the login; look at the user and password of CACHE_SECRET_ARN, or of CACHE_URL: %w", err)
	}
	return err
}

// Close closes all connections.
func (c *Cache) Close() error { return c.pool.Close() }

// Ping says whether the cache answers.
func (c *Cache) Ping(ctx context.Context) error {
	_, err := c.do(ctx, "PING")
	return err
}

// Set stores a value for the given time.
func (c *Cache) Set(ctx context.Context, key, value string, age time.Duration) error {
	_, err := c.do(ctx, "SET", key, value, "PX", age.Milliseconds())
	return err
}

// Get returns a stored value, or "" if there is none.
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

// count adds to a counter, and sets its end when it is new.
var count = redis.NewScript(1, `
local sum = redis.call("INCRBY", KEYS[1], ARGV[1])
if sum == tonumber(ARGV[1]) then redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return sum`)

// Count adds to a counter that ends by itself, and returns the sum.
func (c *Cache) Count(ctx context.Context, key string, by int, age time.Duration) (sum int, err error) {
	err = c.with(ctx, func(conn redis.Conn) error {
		sum, err = redis.Int(count.DoContext(ctx, conn, key, by, age.Milliseconds()))
		return err
	})
	return sum, err
}

func (c *Cache) do(ctx context.Context, command string, args ...any) (reply any, err error) {
	err = c.with(ctx, func(conn redis.Conn) error {
		reply, err = redis.DoContext(conn, ctx, command, args...)
		return err
	})
	return reply, err
}

func (c *Cache) with(ctx context.Context, use func(redis.Conn) error) error {
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return use(conn)
}

func refused(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), "NOAUTH"))
}
