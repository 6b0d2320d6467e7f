package awsapi

import (
	"context"
	"sync"
	"time"
)

// fetchTimeout bounds the fetch of a secret. The caller may be less patient:
// the fetch goes on without it then, and the next caller finds the answer.
const fetchTimeout = 10 * time.Second

// Logins hands out the user and password for each new connection to a service.
// From a secret they are fetched once and kept, until the service refuses them.
type Logins struct {
	aws   *Client
	arn   string
	fixed Login

	mu      sync.Mutex
	cached  *Login
	stage   string // what to fetch next
	fetched time.Time
}

// NewLogins reads the secret with the given ARN; without one it always hands
// out the fixed login.
func NewLogins(aws *Client, arn string, fixed Login) *Logins {
	return &Logins{aws: aws, arn: arn, fixed: fixed, stage: Current}
}

// Get returns the login to try.
func (l *Logins) Get(ctx context.Context) (Login, error) {
	if l.arn == "" {
		return l.fixed, nil
	}
	type answer struct {
		login Login
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		login, err := l.fetch(context.WithoutCancel(ctx))
		answers <- answer{login, err}
	}()
	select {
	case a := <-answers:
		return a.login, a.err
	case <-ctx.Done():
		return Login{}, ctx.Err()
	}
}

func (l *Logins) fetch(ctx context.Context) (Login, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached != nil {
		return *l.cached, nil
	}
	ctx, done := context.WithTimeout(ctx, fetchTimeout)
	defer done()
	login, err := l.aws.LoginSecret(ctx, l.arn, l.stage)
	if err != nil && l.stage == Pending {
		// No rotation is under way, or this process may not see it.
		l.stage = Current
		login, err = l.aws.LoginSecret(ctx, l.arn, l.stage)
	}
	if err != nil {
		return Login{}, err
	}
	l.cached, l.fetched = &login, time.Now()
	return login, nil
}

// Refused forgets a password that the service did not take, and says whether a
// fetch may bring a better one. In the middle of a rotation the service takes
// the pending password while the current one is still the old: so the stages
// are tried in turn.
func (l *Logins) Refused(password string) bool {
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
		l.stage = Current // an old password: the current one is probably new
	case l.stage == Current:
		l.stage = Pending
	default:
		l.stage = Current
	}
	l.cached = nil
	return true
}
