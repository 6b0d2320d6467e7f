package web

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
)

// A rate is what a source has agreed on: each event of it must pass, and not one more. A minute ends, and with it what was
// left of its shares; and the cache is asked for a hundredth of the events.
func TestASourceGetsItsRateAndNoMore(t *testing.T) {
	s := newSite(t, nil)
	for try := range 3 { // the minute of the clock may end meanwhile
		minute := time.Now().Unix() / 60
		problems := s.rateProblems(t, inbox.Source{Name: fmt.Sprintf("exact-%d", try), RatePerMinute: 1050}, minute)
		if time.Now().Unix()/60 == minute {
			if len(problems) > 0 {
				t.Error(problems)
			}
			break
		}
	}
	// The last share may be smaller.
	source := inbox.Source{Name: "odd", RatePerMinute: 215} // shares of 2
	limit, total := &rateLimit{}, 0
	for range 150 {
		taken, err := limit.takeShare(t.Context(), s.server, source, 1)
		if err != nil {
			t.Fatal(err)
		}
		total += taken
	}
	if total != source.RatePerMinute {
		t.Errorf("the shares of a minute are %d events, want %d", total, source.RatePerMinute)
	}
}

// rateProblems returns what is wrong with a new source's limit in this minute.
func (s *site) rateProblems(t *testing.T, source inbox.Source, minute int64) (problems []string) {
	t.Helper()
	limit, passed := &rateLimit{}, 0
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for range source.RatePerMinute + 500 {
		wait := limit.exceeded(t.Context(), s.server, source)
		if wait == 0 {
			passed++
		} else if ends := time.Until(time.Unix((minute+1)*60, 0)); wait < ends-time.Second || wait > ends+time.Second {
			problem("to wait %s, but the minute ends in %s", wait, ends)
			break
		}
	}
	if passed != source.RatePerMinute {
		problem("%d events have passed, want %d", passed, source.RatePerMinute)
	}
	limit.shares[source.Name] = share{minute - 1, 5}
	if limit.exceeded(t.Context(), s.server, source) == 0 {
		problem("a share of the last minute still counts")
	}
	if taken, err := limit.takeShare(t.Context(), s.server, source, minute+1); err != nil || taken != source.RatePerMinute/rateShares {
		problem("the first share of the next minute is %d, %v", taken, err)
	}
	// A share in hand needs no cache.
	asked := func() int {
		key := "rate:" + source.Name + ":" + strconv.FormatInt(minute, 10)
		sum, err := s.server.Cache.Count(t.Context(), key, 0, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	before := asked()
	limit.shares[source.Name] = share{minute, 3}
	if limit.exceeded(t.Context(), s.server, source) > 0 || asked() != before {
		problem("an event with a share in hand asks the cache")
	}
	return problems
}

// A cache that has failed once must not end the limit for good.
func TestRateLimitComesBack(t *testing.T) {
	s := newSite(t, nil)
	source := inbox.Source{Name: "back", RatePerMinute: 1}
	limit := &rateLimit{failed: time.Now().Add(-ratePause)}
	refused := false
	for range 5 { // two may pass if a minute ends just now
		refused = limit.exceeded(t.Context(), s.server, source) > 0 || refused
	}
	if !refused {
		t.Error("after a failure of the cache there is no limit any more")
	}
}

// A cache that accepts connections and says nothing must cost an event a moment, not its time.
func TestRateLimitDoesNotWaitForTheCache(t *testing.T) {
	s := newSite(t, nil)
	frozen, ok := s.cache.(interface{ Freeze() })
	if !ok {
		t.Skip("this needs a real server")
	}
	frozen.Freeze()
	began := time.Now()
	_, err := (&rateLimit{}).takeShare(t.Context(), s.server, inbox.Source{Name: "x", RatePerMinute: 1}, 1)
	// The cache's own timeout would be half a second.
	if took := time.Since(began); err == nil || took < rateTimeout/2 || took > 4*rateTimeout {
		t.Errorf("a share from a cache that hangs: %v after %s", err, took)
	}
}

// Anybody can post events that nobody has signed. They must not use up the rate of those that are.
func TestUnsignedEventsDoNotUseUpTheRate(t *testing.T) {
	s := newSite(t, nil)
	source := inbox.Source{Name: "slow", Scheme: "hmac", Secret: secret, RatePerMinute: 3}
	if err := s.server.Inbox.AddSource(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if code, _ := s.send(t, "/in/slow", "x", map[string]string{"X-Signature": signed("y")}); code != 401 {
			t.Fatalf("an unsigned event: %d", code)
		}
	}
	if code, _ := s.send(t, "/in/slow", "x", map[string]string{"X-Signature": signed("x")}); code != 202 {
		t.Errorf("a signed event after unsigned ones: %d", code)
	}
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Minute: "60"} {
		if got := seconds(wait); got != want {
			t.Errorf("Retry-After of %s is %s, want %s", wait, got, want)
		}
	}
}

// The windows are promises of the login page's message and of docs; without them each limit is none.
func TestWindowsOfTheLimits(t *testing.T) {
	s := newSite(t, nil)
	s.guess(t, email, "wrong")
	keys, conn := s.keys(t, "login:*")
	for _, key := range keys {
		left, err := conn.Do("PTTL", key)
		if ttl, is := left.(int64); err != nil || !is || ttl < 290_000 || ttl > 300_000 {
			t.Errorf("%s lasts %v ms, %v; want five minutes", key, left, err)
		}
	}
	if len(keys) != 2 {
		t.Errorf("a guess is counted in %v, want by email and by address", keys)
	}
}

// A source whose secret was taken back must not be able to post for long.
func TestADeletedSourceIsForgotten(t *testing.T) {
	s := newSite(t, nil)
	if _, err := s.server.sources.get(t.Context(), s.server.Inbox, "hmac"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.server.DB.Exec(t.Context(), "delete from source where name = 'hmac'"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for time.Since(began) < 20*time.Second {
		_, err := s.server.sources.get(t.Context(), s.server.Inbox, "hmac")
		if errors.Is(err, inbox.ErrNotFound) {
			if took := time.Since(began); took > sourceAge+5*time.Second {
				t.Errorf("a deleted source was known for %s", took)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("a deleted source is known forever")
}

// The request that happens to make the query of others may be aborted: the others must not be.
func TestAbortedQueryIsNobodysFailure(t *testing.T) {
	s := newSite(t, nil)
	aborted, cancel := context.WithCancel(t.Context())
	cancel()
	if source, err := s.server.sources.get(aborted, s.server.Inbox, "hmac"); err != nil || source.Name != "hmac" {
		t.Errorf("%+v, %v", source, err)
	}
	if strings.Contains(s.log.String(), "ERROR") {
		t.Error(s.log.String())
	}
}
