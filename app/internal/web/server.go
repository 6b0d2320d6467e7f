// Package web accepts events and serves the operators' page.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"dozen/app/internal/cache"
	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
)

// Server is the web process. All fields must be set.
type Server struct {
	Config  config.Config
	Log     *slog.Logger
	Metrics *metric.Writer
	DB      *database.DB
	Cache   *cache.Cache
	Inbox   *inbox.Inbox

	draining atomic.Bool
	sources  sourceCache
	bodies   budget
	rates    rateLimit
	health   readiness
}

// Handler returns the handler of all routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("POST /in/{source}", s.ingest)
	s.addPages(mux)
	missing := s.withSecurityHeaders(func(w http.ResponseWriter, r *http.Request) {
		s.problemPage(w, r, http.StatusNotFound, "There is no page at this address.")
	})
	return s.observe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isText(r.URL.Path) { // http.FileServer answers 500
			writeProblem(w, http.StatusBadRequest, "the path is not UTF-8")
			return
		}
		if strings.Contains(r.Header.Get("Accept"), "text/html") { // a browser
			if _, pattern := mux.Handler(r); pattern == "" {
				missing.ServeHTTP(w, r)
				return
			}
		}
		mux.ServeHTTP(w, r)
	}))
}

const (
	// finishMargin is the part of the drain time that is left to exit after the last request.
	finishMargin = 250 * time.Millisecond
	// lagMargin is how much longer than the routing lag web accepts requests, because the signal and the
	// deregistration do not come in the same instant.
	lagMargin = 250 * time.Millisecond
)

// Run serves until ctx ends, and then drains: during the routing lag it serves the requests that the load balancer
// still sends; after it, it accepts no new connections and finishes the running requests.
func (s *Server) Run(ctx context.Context) error {
	server := s.httpServer()
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "web started", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	began := time.Now()
	s.Log.Info("web is draining", "routing_lag", s.Config.RoutingLag)
	s.draining.Store(true)
	if s.Config.RoutingLag > 0 {
		time.Sleep(s.Config.RoutingLag + lagMargin)
	}
	finishing, done := context.WithDeadline(context.WithoutCancel(ctx), began.Add(s.Config.Drain-finishMargin))
	defer done()
	if err := server.Shutdown(finishing); err != nil {
		s.Log.Warn("requests were cut off at the end of the drain time", "error", err)
		_ = server.Close()
	}
	s.Log.Info("web stopped")
	return nil
}
