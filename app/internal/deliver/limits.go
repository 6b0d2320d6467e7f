package deliver

import (
	"context"
	"sync"
	"time"
)

// A destination that hangs must not delay the others. Three rules see to that:
//
//   - A destination has at most three quarters of a worker's slots, however high its own concurrency is.
//   - A job whose destination is busy waits in its slot for a moment only. If no request ends, the destination is slow,
//     and the slot is for others.
//   - What else is due for a slow destination is put off in the queue, all at once, in proportion to how much it is. Each
//     request that ends brings another one forward, and more if the destination is fast again, but only as many as the
//     workers take: what is due stands before the events of others. See inbox.PutOff.
const (
	// patience is how long a job waits in its slot, and how old a request is when its destination counts as slow.
	patience = 300 * time.Millisecond
	// putOffPause is the pause between two times that a worker puts off the jobs of one destination.
	putOffPause = 500 * time.Millisecond
	// forwardPause is how long a worker believes that nothing was put off.
	forwardPause = 5 * time.Second
	// aheadPause is how long a worker believes that the jobs which it has brought forward are still due: others may have
	// taken them.
	aheadPause = 500 * time.Millisecond
	// maxForward is how many jobs are due for a destination, at most, when a worker brings some forward.
	maxForward = 500
)

// limits counts the running requests of each destination.
type limits struct {
	slots int // of this worker
	mu    sync.Mutex
	known map[string]*destination
}

// destination is what this worker knows about one.
type destination struct {
	running map[int64]time.Time // since when, by job
	freed   chan struct{}       // closed when a request ends

	putOff   time.Time // when this worker last began to put off its jobs
	busy     bool      // whether it is doing so now
	noneTill time.Time // until then, none is believed to be put off
	batch    int       // how many jobs should be due
	ahead    int       // how many are due, if no other worker takes them
	brought  time.Time // when they were counted
}

func newLimits(slots int) *limits { return &limits{slots: slots, known: map[string]*destination{}} }

// locked calls use with what is known about a destination.
func (l *limits) locked(name string, use func(*destination)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.known[name]
	if d == nil {
		d = &destination{running: map[int64]time.Time{}, freed: make(chan struct{})}
		l.known[name] = d
	}
	use(d)
}

// take waits until the job's request may run, and reports whether it may. If not, the destination is slow.
func (l *limits) take(ctx context.Context, name string, limit int, job int64) bool {
	limit = min(limit, max(l.slots*3/4, 1))
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		var taken, slow bool
		var freed chan struct{}
		l.locked(name, func(d *destination) {
			if taken = len(d.running) < limit; taken {
				d.running[job] = time.Now()
			}
			slow, freed = d.slow(time.Now()), d.freed
		})
		if taken || slow {
			return taken
		}
		select {
		case <-freed:
		case <-end.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// slow reports whether a request has been running for long.
func (d *destination) slow(now time.Time) bool {
	for _, since := range d.running {
		if now.Sub(since) >= patience {
			return true
		}
	}
	return false
}

// give ends a request.
func (l *limits) give(name string, job int64) {
	l.locked(name, func(d *destination) {
		delete(d.running, job)
		close(d.freed)
		d.freed = make(chan struct{})
	})
}

// mayPutOff reports whether it is time to put off a destination's jobs. If so, call hasPutOff afterwards.
func (l *limits) mayPutOff(name string) (may bool) {
	l.locked(name, func(d *destination) {
		now := time.Now()
		if may = !d.busy && now.Sub(d.putOff) >= putOffPause; may {
			d.putOff, d.busy, d.noneTill = now, true, time.Time{}
			d.batch, d.ahead = 0, 0
		}
	})
	return may
}

// hasPutOff records that the jobs were put off.
func (l *limits) hasPutOff(name string) {
	l.locked(name, func(d *destination) { d.busy = false })
}

// forward returns how many jobs should be due when a request has ended, or 0 if that is not to be changed: one if the
// destination is slow, and a batch if it is fast and has half of the last one behind it.
func (l *limits) forward(name string, took time.Duration) (jobs int) {
	l.locked(name, func(d *destination) {
		if d.ahead = max(d.ahead-1, 0); time.Since(d.brought) >= aheadPause {
			d.ahead = 0
		}
		switch {
		case time.Now().Before(d.noneTill):
		case took >= patience:
			d.batch, jobs = 1, 1
		case d.ahead <= d.batch/2:
			d.batch = max(d.batch, 2)
			jobs = d.batch
			d.ahead, d.brought = jobs, time.Now() // requests that end meanwhile do not ask for more
		}
	})
	return jobs
}

// hasForwarded records how many jobs were due and how many were added to them. The next batch is twice as large if none
// was left, and half as large if most were.
func (l *limits) hasForwarded(name string, due, added int) {
	l.locked(name, func(d *destination) {
		now := time.Now()
		d.ahead, d.brought = due+added, now
		switch {
		case due+added == 0:
			d.noneTill = now.Add(forwardPause)
		case due <= d.batch/8:
			d.batch = min(2*d.batch, maxForward)
		case due > d.batch*3/4:
			d.batch /= 2
		}
	})
}
