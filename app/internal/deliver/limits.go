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
//     request that ends brings the next one forward, and more if the destination is fast again. See inbox.PutOff.
const (
	// patience is how long a job waits in its slot, and how old a request is when its destination counts as slow.
	patience = 300 * time.Millisecond
	// putOffPause is the pause between two times that a worker puts off the jobs of one destination.
	putOffPause = 500 * time.Millisecond
	// forwardPause is how long a worker believes that nothing was put off.
	forwardPause = 5 * time.Second
	// aheadPause is how long a worker waits for the jobs that it has brought forward: others may have taken them.
	aheadPause = 500 * time.Millisecond
	// maxForward is how many jobs a worker brings forward at once, at most.
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

	putOff   time.Time // when this worker last put off its jobs
	until    time.Time // when the last of them is due
	noneTill time.Time // until then, none is believed to be put off
	batch    int       // how many jobs this worker last brought forward
	ahead    int       // how many of them have not ended, if no other worker takes them
	brought  time.Time // when that was
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

// mayPutOff reports whether it is time to put off a destination's jobs, and from when on they are due again.
func (l *limits) mayPutOff(name string) (from time.Time, may bool) {
	l.locked(name, func(d *destination) {
		now := time.Now()
		if may = now.Sub(d.putOff) >= putOffPause; may {
			d.putOff, d.noneTill = now, time.Time{}
			d.batch, d.ahead = 0, 0
		}
		from = now.Add(time.Second)
		if d.until.After(from) {
			from = d.until
		}
	})
	return from, may
}

// hasPutOff records when the last job is due that was put off.
func (l *limits) hasPutOff(name string, until time.Time) {
	l.locked(name, func(d *destination) { d.until = until })
}

// forward returns how many jobs to bring forward when a request has ended: one if the destination is slow, and twice as
// many as before if it is fast and has half of those behind it.
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
			d.batch = min(max(2*d.batch, 2), maxForward)
			jobs = d.batch
		}
	})
	return jobs
}

// hasForwarded records how many jobs were brought forward.
func (l *limits) hasForwarded(name string, jobs int) {
	l.locked(name, func(d *destination) {
		now := time.Now()
		d.ahead, d.brought = d.ahead+jobs, now
		if jobs == 0 {
			d.noneTill, d.until = now.Add(forwardPause), time.Time{}
		}
	})
}
