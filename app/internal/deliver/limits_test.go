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

// Jobs that are put off are due one after the other, also those of the next round.
func TestPutOffContinuesWhereItEnded(t *testing.T) {
	l := newLimits(8)
	from, may := l.mayPutOff("x")
	if wait := time.Until(from); !may || wait < 900*time.Millisecond || wait > time.Second {
		t.Errorf("the first round: %t, from in %s", may, wait)
	}
	l.hasPutOff("x", from.Add(time.Minute))
	if _, may := l.mayPutOff("x"); may {
		t.Error("the second round follows at once")
	}
	if from, may := l.mayPutOff("y"); !may || time.Until(from) > time.Second {
		t.Error("another destination has to wait")
	}
	l.known["x"].putOff = time.Now().Add(-putOffPause)
	if next, may := l.mayPutOff("x"); !may || !next.Equal(from.Add(time.Minute)) {
		t.Errorf("the second round: %t, from %s", may, next)
	}
	l.hasForwarded("x", 0)
	l.known["x"].putOff = time.Now().Add(-putOffPause)
	if from, may := l.mayPutOff("x"); !may || time.Until(from) > time.Second {
		t.Error("a new round does not begin at once, though nothing was put off any more")
	}
}

// A slow destination gets one job for each that ends; one that is fast again gets more and more.
func TestForwardFollowsTheDestination(t *testing.T) {
	l := newLimits(8)
	slow := patience
	for range 3 {
		if jobs := l.forward("x", slow); jobs != 1 {
			t.Errorf("slow: %d jobs, want 1", jobs)
		}
		l.hasForwarded("x", 1)
	}
	brought, ended := 0, 0
	for ended < 2000 {
		jobs := l.forward("x", patience-1)
		if jobs > maxForward {
			t.Fatalf("%d jobs at once", jobs)
		}
		if jobs > 0 {
			l.hasForwarded("x", jobs)
			brought += jobs
		}
		ended++
	}
	if brought < ended || brought > ended+2*maxForward {
		t.Errorf("%d jobs were brought forward while %d ended", brought, ended)
	}
	// Another worker may take all of them: then none ends here.
	l.hasForwarded("x", maxForward)
	if jobs := l.forward("x", 0); jobs != 0 {
		t.Errorf("%d jobs, although enough are ahead", jobs)
	}
	l.known["x"].brought = time.Now().Add(-aheadPause)
	if jobs := l.forward("x", 0); jobs != maxForward {
		t.Errorf("%d jobs after others have taken those before, want %d", jobs, maxForward)
	}
	l.hasForwarded("x", 0)
	if jobs := l.forward("x", slow); jobs != 0 {
		t.Errorf("%d jobs, although none is put off", jobs)
	}
	l.mayPutOff("x")
	if jobs := l.forward("x", 0); jobs != 2 {
		t.Errorf("%d jobs after new ones were put off, want 2", jobs)
	}
}
