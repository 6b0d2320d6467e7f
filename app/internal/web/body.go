package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// maxBodies limits the bytes of all bodies that are under way in this process: anybody can post them, because a
// signature can only be verified when the whole body has arrived. It is half of what a small task can spare.
const maxBodies = 32 << 20

// errBusy means that too many bodies are under way.
var errBusy = errors.New("too many bodies are under way")

// budget counts the bytes of bodies under way.
type budget struct{ used atomic.Int64 }

// take reserves bytes, or returns errBusy.
func (b *budget) take(bytes int) error {
	if b.used.Add(int64(bytes)) > maxBodies {
		b.used.Add(-int64(bytes))
		return errBusy
	}
	return nil
}

// bounded reads one body. It takes bytes from the budget as they arrive, so that a client that announces much and
// sends little costs little.
type bounded struct {
	budget *budget
	from   io.ReadCloser
	taken  int
	err    error     // why the body did not arrive, nil if it did
	ended  time.Time // when all of it had arrived
}

func (b *bounded) Read(into []byte) (int, error) {
	n, err := b.from.Read(into)
	if busy := b.budget.take(n); busy != nil {
		n, err = 0, busy
	}
	b.taken += n
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	if errors.Is(err, io.EOF) {
		b.ended = time.Now()
	}
	return n, err
}

// late reports whether the body of a request has left its backing services less than a fifth of the time. If they do not
// manage, it is not their failure.
func late(r *http.Request, timeout time.Duration) bool {
	body, read := r.Body.(*bounded)
	deadline, limited := r.Context().Deadline()
	return read && limited && deadline.Sub(body.ended) < timeout/5
}

func (b *bounded) Close() error { return b.from.Close() }

// free returns the bytes to the budget. Call it when the body is not needed any more.
func (b *bounded) free() {
	b.budget.used.Add(-int64(b.taken))
	b.taken = 0
}

// problem returns the answer to a request whose body did not arrive.
func (b *bounded) problem() (status int, detail string) {
	var large *http.MaxBytesError
	switch {
	case errors.As(b.err, &large):
		return http.StatusRequestEntityTooLarge, "the body is larger than " + strconv.FormatInt(large.Limit>>10, 10) + " KiB"
	case errors.Is(b.err, errBusy):
		return http.StatusTooManyRequests, "too many large requests are under way; try again later"
	}
	return http.StatusRequestTimeout, "the body did not arrive completely and in time"
}
