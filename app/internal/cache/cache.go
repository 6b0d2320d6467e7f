// Package cache opens Valkey, which holds only what may be lost: sessions and
// rate limits. Everything here must be able to go on without it.
package cache

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
)

// Open prepares a client; it connects when first used. Timeouts are short:
// a cache that is slow is worse than one that is away.
func Open(cfg config.Cache, aws *awsapi.Client) (*redis.Client, error) {
	options, err := redis.ParseURL(cfg.URL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("CACHE_URL: %w", err)
	}
	options.DialTimeout = time.Second
	options.ReadTimeout = 500 * time.Millisecond
	options.WriteTimeout = 500 * time.Millisecond
	options.MaxRetries = 1
	options.ContextTimeoutEnabled = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	logging.Disable() // failures come back as errors, and are logged by who asked
	if cfg.SecretARN != "" {
		login := &login{aws: aws, arn: cfg.SecretARN}
		options.CredentialsProviderContext = login.get
		client := redis.NewClient(options)
		client.AddHook(login)
		return client, nil
	}
	return redis.NewClient(options), nil
}

// login keeps the secret's user and password until the server refuses them.
type login struct {
	aws *awsapi.Client
	arn string

	mu     sync.Mutex
	cached *awsapi.Login
}

func (l *login) get(ctx context.Context) (username, password string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil {
		fresh, err := l.aws.LoginSecret(ctx, l.arn, awsapi.Current)
		if err != nil {
			return "", "", err
		}
		l.cached = &fresh
	}
	return l.cached.Username, l.cached.Password, nil
}

func (l *login) forgetIfRefused(err error) {
	if err != nil && (strings.HasPrefix(err.Error(), "WRONGPASS") || strings.HasPrefix(err.Error(), "NOAUTH")) {
		l.mu.Lock()
		l.cached = nil
		l.mu.Unlock()
	}
}

// DialHook implements redis.Hook.
func (l *login) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (l *login) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		err := next(ctx, command)
		l.forgetIfRefused(err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (l *login) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		err := next(ctx, commands)
		l.forgetIfRefused(err)
		return err
	}
}
