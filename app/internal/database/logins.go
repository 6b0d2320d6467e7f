package database

import (
	"context"
	"sync"
	"time"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
)

// logins hands out the user and password for each new connection. From a
// secret they are fetched once and kept, until the server refuses them.
type logins struct {
	aws   *awsapi.Client
	arn   string
	fixed awsapi.Login

	mu      sync.Mutex
	cached  *awsapi.Login
	stage   string // what to fetch next
	fetched time.Time
}

func newLogins(cfg config.Database, aws *awsapi.Client) *logins {
	return &logins{aws: aws, arn: cfg.SecretARN, stage: awsapi.Current,
		fixed: awsapi.Login{Username: cfg.Username, Password: cfg.Password.Reveal()}}
}

func (l *logins) get(ctx context.Context) (awsapi.Login, error) {
	if l.arn == "" {
		return l.fixed, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil {
		login, err := l.aws.LoginSecret(ctx, l.arn, l.stage)
		if err != nil && l.stage == awsapi.Pending {
			// No rotation is under way, or this process may not see it.
			l.stage = awsapi.Current
			login, err = l.aws.LoginSecret(ctx, l.arn, l.stage)
		}
		if err != nil {
			return awsapi.Login{}, err
		}
		l.cached, l.fetched = &login, time.Now()
	}
	return *l.cached, nil
}

// refused forgets a password that the server did not take, and says whether a
// fetch may bring a better one. In the middle of a rotation the server takes
// the pending password while the current one is still the old: so the stages
// are tried in turn.
func (l *logins) refused(password string) bool {
	if l.arn == "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil || l.cached.Password != password {
		return true // someone else has fetched in the meantime
	}
	switch {
	case time.Since(l.fetched) > time.Second:
		l.stage = awsapi.Current // an old password: the current one is probably new
	case l.stage == awsapi.Current:
		l.stage = awsapi.Pending
	default:
		l.stage = awsapi.Current
	}
	l.cached = nil
	return true
}
