package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"dozen/app/internal/database"
)

// livez reports that this process can serve requests. It checks nothing else: an outage of the database must not make
// the load balancer remove every task. While web drains, livez fails, although requests are still served: a Spot task
// that is interrupted is not deregistered, and only its health checks tell the load balancer to use another one.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "draining", "version": s.Config.Version})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive", "version": s.Config.Version})
}

// readyz reports whether this process can accept events. It can without the cache and on the previous version's
// schema, so these do not change the status, but the answer shows them.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	db, cache := s.health.check(r.Context(), s.DB.Ready, s.Cache.Ping)
	status, code := "ready", http.StatusOK
	var old database.OldSchema
	if db != nil && (!errors.As(db, &old) || old.Have == 0) {
		status, code = "not ready", http.StatusServiceUnavailable
	}
	writeJSON(w, code, map[string]string{"status": status, "database": publicState(db), "cache": publicState(cache)})
}

// publicState describes err without an address or a login: it helps operators, but everybody can read it.
func publicState(err error) string {
	var old database.OldSchema
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &old):
		return old.Error()
	}
	return "away"
}

const (
	checkTimeout = time.Second
	checkEvery   = 500 * time.Millisecond
)

// readiness checks the backing services at most every checkEvery, because readyz is public: its clients must not be
// able to overload them.
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
