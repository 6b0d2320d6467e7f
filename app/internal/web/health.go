package web

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// livez says that this process can serve. It asks nobody else: a database that
// is away must not make the load balancer take every task out.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive", "version": s.Config.Version})
}

// readyz says whether the database answers; without the cache the process can
// still accept events, so its state is only reported.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	database, cache := s.health.check(r.Context(), s.DB.Ready, s.Cache.Ping)
	status, code := "ready", http.StatusOK
	if database != nil {
		status, code = "not ready", http.StatusServiceUnavailable
	}
	writeJSON(w, code, map[string]string{"status": status, "database": word(database), "cache": word(cache)})
}

func word(err error) string {
	if err != nil {
		return "away"
	}
	return "ok"
}

const (
	checkTimeout = time.Second
	checkEvery   = 500 * time.Millisecond
)

// readiness asks the services at most every checkEvery, however often it is
// asked itself: the address is public, and must not be a way to load them.
type readiness struct {
	mu              sync.Mutex
	at              time.Time
	database, cache error
}

func (h *readiness) check(ctx context.Context, database, cache func(context.Context) error) (error, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) > checkEvery {
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer done()
		var both sync.WaitGroup
		both.Go(func() { h.database = database(ctx) })
		both.Go(func() { h.cache = cache(ctx) })
		both.Wait()
		h.at = time.Now()
	}
	return h.database, h.cache
}
