package web

import (
	"context"
	"strconv"
	"sync"
	"time"

	"dozen/app/internal/inbox"
)

const (
	rateTimeout = 100 * time.Millisecond
	// ratePause is how long the cache is left alone after it has failed.
	ratePause = time.Second
	// rateShares is the number of shares of a minute's rate. A process takes one share at a time from the cache
	// instead of one event: that saves 99 of 100 round trips, and a process that becomes idle wastes at most one
	// share.
	rateShares = 100
)

// rateLimit counts events per source and minute in the cache. Without the cache there is no limit: too many events are
// better than a lost one.
type rateLimit struct {
	mu     sync.Mutex
	shares map[string]share
	failed time.Time
}

type share struct {
	minute int64
	left   int
}

// exceeded returns how long to wait, or 0 if the source may post now.
func (l *rateLimit) exceeded(ctx context.Context, s *Server, source inbox.Source) time.Duration {
	now := time.Now()
	minute := now.Unix() / 60
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.failed) < ratePause {
		return 0
	}
	if l.shares == nil {
		l.shares = map[string]share{}
	}
	current := l.shares[source.Name]
	if current.minute != minute || current.left == 0 {
		taken, err := l.takeShare(ctx, s, source, minute)
		if err != nil {
			l.failed = now
			s.Log.WarnContext(ctx, "cache failed, no rate limit for now", "error", err)
			return 0
		}
		current = share{minute, taken}
	}
	if current.left <= 0 {
		l.shares[source.Name] = share{}
		return time.Unix((minute+1)*60, 0).Sub(now)
	}
	current.left--
	l.shares[source.Name] = current
	return 0
}

// takeShare takes the next share of the minute from the cache, and returns how many of its events are within the rate.
func (l *rateLimit) takeShare(ctx context.Context, s *Server, source inbox.Source, minute int64) (int, error) {
	// Not the request's own context: a client that closes its connection must not look like a cache that has failed,
	// because then it would switch off the limit of all sources.
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), rateTimeout)
	defer done()
	size := max(source.RatePerMinute/rateShares, 1)
	key := "rate:" + source.Name + ":" + strconv.FormatInt(minute, 10)
	sum, err := s.Cache.Count(ctx, key, size, 2*time.Minute)
	if err != nil {
		return 0, err
	}
	return max(min(size, source.RatePerMinute-(sum-size)), 0), nil
}

// seconds formats d for Retry-After, rounded up.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
