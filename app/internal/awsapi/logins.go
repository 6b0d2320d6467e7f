package awsapi

import (
	"context"
	"sync"
	"time"
)

// fetchTimeout limits how long fetching a secret may take. When a caller gives up earlier, the fetch continues, and the
// next caller finds its result.
const fetchTimeout = 10 * time.Second

// Logins provides the username and password for each new connection to a backing service. It fetches them once from a
// secret, and keeps them until the backing service refuses them.
type Logins struct {
	aws   *Client
	arn   string
	fixed Login

	mu      sync.Mutex
	cached  *Login
	stage   string // what to fetch next
	fetched time.Time
}

// NewLogins returns the logins in the secret with the given ARN, or if that is "", always the fixed login.
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
		// There is no pending password, because no rotation is in progress, or this process may not read it.
		l.stage = Current
		login, err = l.aws.LoginSecret(ctx, l.arn, l.stage)
	}
	if err != nil {
		return Login{}, err
	}
	l.cached, l.fetched = &login, time.Now()
	return login, nil
}

// Invalidate forgets a password that the backing service has refused, and reports whether Get may return a better
// one. In the middle of a rotation, the backing service already accepts the pending password only, while the current
// one is still the old one: so Invalidate alternates between the two stages.
func (l *Logins) Invalidate(password string) bool {
	if l.arn == "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil || l.cached.Password != password {
		return true // another caller has fetched the login in the meantime
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
