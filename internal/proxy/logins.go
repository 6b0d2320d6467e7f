package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Stages of a secret: current is valid, and during a rotation pending is about to become valid.
const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)

// Secrets reads a secret in a stage.
type Secrets func(ctx context.Context, arn, stage string) (string, error)

// login is the JSON in the secrets of the database and the cache.
type login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// errRefused means that a server knows no such login. It wraps the server's own words.
var errRefused = errors.New("the server refuses the login")

// retries are the pauses between the logins that are tried. A rotation changes the server first and the secret a moment later, so
// they take two seconds together.
var retries = []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 600 * time.Millisecond, time.Second}

// logins provides the login for each new connection. It keeps one until the server refuses it. It is safe for concurrent use.
type logins struct {
	secrets Secrets
	arn     string

	mu      sync.Mutex
	cached  *login
	stage   string // what to fetch next
	fetched time.Time
}

func newLogins(secrets Secrets, arn string) *logins {
	return &logins{secrets: secrets, arn: arn, stage: current}
}

// use calls connect with a login, and with other ones while connect returns errRefused.
func (l *logins) use(ctx context.Context, connect func(login) error) error {
	for _, pause := range retries {
		known, err := l.get(ctx)
		if err != nil {
			return err
		}
		if err = connect(known); !errors.Is(err, errRefused) {
			return err
		}
		l.refused(known)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
	known, err := l.get(ctx)
	if err != nil {
		return err
	}
	return connect(known)
}

func (l *logins) get(ctx context.Context) (login, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached != nil {
		return *l.cached, nil
	}
	found, err := l.fetch(ctx)
	if err != nil && l.stage == pending {
		l.stage = current // no rotation is under way
		found, err = l.fetch(ctx)
	}
	if err != nil {
		return login{}, err
	}
	l.cached, l.fetched = &found, time.Now()
	return found, nil
}

func (l *logins) fetch(ctx context.Context) (login, error) {
	text, err := l.secrets(ctx, l.arn, l.stage)
	if err != nil {
		return login{}, fmt.Errorf("cannot read the secret %s: %w", l.arn, err)
	}
	var found login
	if err := json.Unmarshal([]byte(text), &found); err != nil || found.Username == "" {
		return login{}, fmt.Errorf(`the secret %s is not JSON with "username" and "password"`, l.arn)
	}
	return found, nil
}

// refused forgets a login. In the middle of a rotation the server accepts the pending password only, while the current one is still
// the old one: a login that was refused right after it was fetched is followed by the one of the other stage.
func (l *logins) refused(known login) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil || *l.cached != known {
		return // another connection has found out first
	}
	l.cached = nil
	if time.Since(l.fetched) < time.Second && l.stage == current {
		l.stage = pending
	} else {
		l.stage = current
	}
}
