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
	// rateShares is into how many shares a minute's rate is cut. A process takes
	// one share from the cache at a time, and not one event: that is a round
	// trip in a hundred, and at most a share too few for an idle process.
	rateShares = 100
)

// rateLimit counts events by source and minute in the cache. Without the cache
// there is no limit: better too many events than a lost one.
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
	mine := l.shares[source.Name]
	if mine.minute != minute || mine.left == 0 {
		taken, err := l.take(ctx, s, source, minute)
		if err != nil {
			l.failed = now
			s.Log.WarnContext(ctx, "cache failed, no rate limit for now", "error", err)
			return 0
		}
		mine = share{minute, taken}
	}
	if mine.left <= 0 {
		l.shares[source.Name] = share{}
		return time.Unix((minute+1)*60, 0).Sub(now)
	}
	mine.left--
	l.shares[source.Name] = mine
	return 0
}

// take claims the next share of the minute, and returns what of it was free.
func (l *rateLimit) take(ctx context.Context, s *Server, source inbox.Source, minute int64) (int, error) {
	ctx, done := context.WithTimeout(ctx, rateTimeout)
	defer done()
	size := max(source.RatePerMinute/rateShares, 1)
	key := "rate:" + source.Name + ":" + strconv.FormatInt(minute, 10)
	claimed, err := s.Cache.Count(ctx, key, size, 2*time.Minute)
	if err != nil {
		return 0, err
	}
	return max(min(size, source.RatePerMinute-(claimed-size)), 0), nil
}

// seconds rounds up, for Retry-After.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}
