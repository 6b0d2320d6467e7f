package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"dozen/app/internal/logging"
)

// observe gives every request an id, a deadline and a log line, and answers 500 after a panic. It never logs bodies,
// queries and cookies.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := rand.Text()[:16]
		ctx := logging.With(r.Context(), slog.String("request_id", id))
		ctx, done := context.WithTimeout(ctx, s.Config.RequestTimeout)
		defer done()
		timing := http.NewResponseController(w)
		_ = timing.SetReadDeadline(start.Add(s.Config.RequestTimeout))
		_ = timing.SetWriteDeadline(start.Add(2 * s.Config.RequestTimeout)) // as much time again for the answer
		record := &recorder{ResponseWriter: w, status: http.StatusOK}
		w.Header().Set("X-Request-Id", id)
		if s.draining.Load() {
			// The client's next request opens a new connection, to another task.
			w.Header().Set("Connection", "close")
		}
		defer func() {
			if problem := recover(); problem != nil {
				s.Log.ErrorContext(ctx, "panic", "problem", problem)
				writeProblem(record, http.StatusInternalServerError, internalError)
			}
			s.logRequest(ctx, r, record.status, time.Since(start))
		}()
		next.ServeHTTP(record, r.WithContext(ctx))
	})
}

const internalError = "an internal error occurred; it has been logged"

func (s *Server) logRequest(ctx context.Context, r *http.Request, status int, took time.Duration) {
	if r.URL.Path == "/livez" || r.URL.Path == "/readyz" {
		return
	}
	s.Metrics.Count("Requests", 1)
	level := slog.LevelInfo
	aborted := errors.Is(ctx.Err(), context.Canceled) // by the client, who gets no answer
	if status >= 500 && !aborted {
		level = slog.LevelError
		s.Metrics.Count("ServerErrors", 1)
	}
	s.Log.LogAttrs(ctx, level, "request", slog.String("method", r.Method), slog.String("path", loggable(r.URL.Path)),
		slog.Int("status", status), slog.Int64("took_us", took.Microseconds()))
}

// loggable shortens a path for the log.
func loggable(path string) string { return strings.ToValidUTF8(path[:min(len(path), 200)], "?") }

// recorder records the status of the answer.
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

// Unwrap gives http.ResponseController access to the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
