package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"dozen/app/internal/logging"
)

// observe gives every request an id, a deadline and a log line, and turns a
// panic into an answer. Bodies, queries and cookies are never logged.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := rand.Text()[:16]
		ctx, done := context.WithTimeout(logging.With(r.Context(), slog.String("request_id", id)), s.Config.RequestTimeout)
		defer done()
		timing := http.NewResponseController(w) // an answer may take as long again as its request
		_ = timing.SetReadDeadline(start.Add(s.Config.RequestTimeout))
		_ = timing.SetWriteDeadline(start.Add(2 * s.Config.RequestTimeout))
		record := &recorder{ResponseWriter: w, status: http.StatusOK}
		w.Header().Set("X-Request-Id", id)
		if s.draining.Load() {
			// The client comes back on a new connection, to another task.
			w.Header().Set("Connection", "close")
		}
		defer func() {
			if problem := recover(); problem != nil {
				s.Log.ErrorContext(ctx, "panic", "problem", problem)
				writeProblem(record, http.StatusInternalServerError, "something went wrong here; it has been logged")
			}
			s.finish(ctx, r, record.status, time.Since(start))
		}()
		next.ServeHTTP(record, r.WithContext(ctx))
	})
}

func (s *Server) finish(ctx context.Context, r *http.Request, status int, took time.Duration) {
	if r.URL.Path == "/livez" || r.URL.Path == "/readyz" {
		return
	}
	s.Metrics.Count("Requests", 1)
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
		s.Metrics.Count("ServerErrors", 1)
	}
	s.Log.LogAttrs(ctx, level, "request", slog.String("method", r.Method), slog.String("path", printable(r.URL.Path)),
		slog.Int("status", status), slog.Int64("took_us", took.Microseconds()))
}

// printable cuts a path to a bearable length for the log.
func printable(path string) string { return strings.ToValidUTF8(path[:min(len(path), 200)], "?") }

// recorder remembers the status of the answer.
type recorder struct {
	http.ResponseWriter
	status  int
	written bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
		r.ResponseWriter.WriteHeader(status)
	}
}

func (r *recorder) Write(body []byte) (int, error) {
	r.written = true
	return r.ResponseWriter.Write(body)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
