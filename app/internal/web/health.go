package web

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"dozen/app/internal/database"
)

// livez says that this process can serve. It asks nobody else: a database that
// is away must not make the load balancer take every task out.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive", "version": s.Config.Version})
}

// readyz says whether this process can accept events; without the cache it
// can, and on the schema of the release before it can, so these are reported.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	db, cache := s.health.check(r.Context(), s.DB.Ready, s.Cache.Ping)
	status, code := "ready", http.StatusOK
	var old database.OldSchema
	if db != nil && (!errors.As(db, &old) || old.Have == 0) {
		status, code = "not ready", http.StatusServiceUnavailable
	}
	writeJSON(w, code, map[string]string{"status": status, "database": word(db), "cache": word(cache)})
}

// word tells the public what helps the operator, and no address or login.
func word(err error) string {
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
