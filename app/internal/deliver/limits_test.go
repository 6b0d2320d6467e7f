package deliver

import (
	"testing"
	"time"
)

// A destination gets its own concurrency, but never the whole worker.
func TestDestinationNeverHasTheWholeWorker(t *testing.T) {
	for _, c := range []struct{ slots, concurrency, want int }{{8, 4, 4}, {8, 64, 6}, {16, 64, 12}, {1, 64, 1}, {2, 2, 1}, {4, 1, 1}} {
		l := newLimits(c.slots)
		for job := range int64(c.want) {
			if !l.take(t.Context(), "x", c.concurrency, job) {
				t.Fatalf("%+v: request %d may not run", c, job+1)
			}
		}
		start := time.Now()
		if l.take(t.Context(), "x", c.concurrency, 100) {
			t.Errorf("%+v: one more may run", c)
		}
		if waited := time.Since(start); waited < patience*9/10 || waited > 2*time.Second {
			t.Errorf("%+v: a job waited %s for a destination that was not known to be slow", c, waited)
		}
		start = time.Now()
		if l.take(t.Context(), "x", c.concurrency, 101) || time.Since(start) > patience/2 {
			t.Errorf("%+v: a job waited %s for a slow destination", c, time.Since(start))
		}
		if !l.take(t.Context(), "y", 1, 102) {
			t.Errorf("%+v: another destination may not run", c)
		}
	}
}

// A destination that is fast gets its next request as soon as one ends, without a detour through the queue.
func TestJobWaitsAMomentForItsDestination(t *testing.T) {
	l := newLimits(8)
	l.take(t.Context(), "x", 1, 1)
	taken := make(chan bool, 1)
	go func() { taken <- l.take(t.Context(), "x", 1, 2) }()
	select {
	case <-taken:
		t.Fatal("two requests run at once")
	case <-time.After(patience / 10):
	}
	l.give("x", 1)
	if !<-taken {
		t.Error("the next request may not run")
	}
}

// A round of putting off may take seconds. Until it has ended, and for a moment after it has begun, there is no other.
func TestPutOffIsNotRepeatedAtOnce(t *testing.T) {
	l := newLimits(8)
	if !l.mayPutOff("x") || l.mayPutOff("x") {
		t.Error("the first round does not begin, or a second one at once")
	}
	if !l.mayPutOff("y") {
		t.Error("another destination has to wait")
	}
	l.known["x"].putOff = time.Now().Add(-putOffPause)
	if l.mayPutOff("x") {
		t.Error("a round begins before the last one has ended")
	}
	l.hasPutOff("x")
	if !l.mayPutOff("x") {
		t.Error("the second round does not begin")
	}
	l.hasPutOff("x")
	if l.mayPutOff("x") {
		t.Error("the third round begins at once")
	}
}

// A slow destination gets one job for each that ends. One that is fast again gets as many as the workers take, and not
// thousands at once: those would stand before the events of others.
func TestForwardFollowsTheDestination(t *testing.T) {
	l := newLimits(8)
	slow, fast := patience, patience-1
	for range 3 {
		if jobs := l.forward("x", slow); jobs != 1 {
			t.Errorf("slow: %d jobs should be due, want 1", jobs)
		}
		l.hasForwarded("x", 0, 1)
	}
	// Whatever becomes due is taken at once.
	most := 0
	for range 2000 {
		if jobs := l.forward("x", fast); jobs > 0 {
			most = max(most, jobs)
			l.hasForwarded("x", 0, jobs)
		}
	}
	if most != maxForward {
		t.Errorf("at most %d jobs are due for a destination that takes all of them at once, want %d", most, maxForward)
	}
	// The workers take a few only: most of what was due is left.
	for range 20 {
		l.known["x"].brought = time.Time{}
		jobs := l.forward("x", fast)
		l.hasForwarded("x", jobs, 0)
	}
	l.known["x"].brought = time.Time{}
	if jobs := l.forward("x", fast); jobs != 2 {
		t.Errorf("%d jobs should be due for a destination that takes few, want 2", jobs)
	}
	// Half of them are left: as many as before.
	l.known["x"].batch = 100
	l.hasForwarded("x", 50, 50)
	if jobs := l.forward("x", fast); jobs != 0 {
		t.Errorf("%d jobs, although enough are due", jobs)
	}
	l.known["x"].ahead = 51
	if jobs := l.forward("x", fast); jobs != 100 {
		t.Errorf("%d jobs should be due when half of them have ended, want 100", jobs)
	}
	if jobs := l.forward("x", fast); jobs != 0 {
		t.Errorf("%d jobs, although a hundred are on their way", jobs)
	}
	// Other workers may take all of them: then none ends here.
	l.hasForwarded("x", 50, 50)
	l.known["x"].brought = time.Now().Add(-aheadPause)
	if jobs := l.forward("x", fast); jobs != 100 {
		t.Errorf("%d jobs should be due after others have taken those before, want 100", jobs)
	}
	l.hasForwarded("x", 0, 0)
	if jobs := l.forward("x", slow); jobs != 0 {
		t.Errorf("%d jobs, although none is put off", jobs)
	}
	l.mayPutOff("x")
	if jobs := l.forward("x", fast); jobs != 2 {
		t.Errorf("%d jobs after new ones were put off, want 2", jobs)
	}
}
