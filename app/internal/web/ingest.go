package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"sync"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/logging"
	"dozen/app/internal/signature"
)

// ingest stores one event. Its 202 is a promise: the event and its jobs are committed, so it will be tried at every
// destination of its source, whatever process is killed later.
func (s *Server) ingest(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	source, err := s.sources.get(ctx, s.Inbox, r.PathValue("source"))
	if errors.Is(err, inbox.ErrNotFound) {
		writeProblem(w, http.StatusNotFound, "there is no source of this name; add it on the operators' page")
		return
	}
	if err != nil {
		s.unavailable(ctx, w, err)
		return
	}
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	if err := signature.Verify(source.Scheme, source.Secret.Reveal(), r.Header, body, time.Now()); err != nil {
		writeProblem(w, http.StatusUnauthorized, err.Error())
		return
	}
	if wait := s.rates.exceeded(ctx, s, source); wait > 0 {
		w.Header().Set("Retry-After", seconds(wait))
		writeProblem(w, http.StatusTooManyRequests,
			"the source has exceeded its rate of events per minute; try again later")
		return
	}
	s.accept(ctx, w, r, source, body)
}

func (s *Server) accept(
	ctx context.Context, w http.ResponseWriter, r *http.Request, source inbox.Source, body []byte,
) {
	contentType := r.Header.Get("Content-Type")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/json" && !json.Valid(body) {
		writeProblem(w, http.StatusBadRequest, "the body is not valid JSON")
		return
	}
	deliveryID, err := signature.DeliveryID(source.Scheme, r.Header, body)
	if err != nil {
		writeProblem(w, http.StatusBadRequest, err.Error())
		return
	}
	id, known, err := s.Inbox.Accept(ctx, inbox.Event{
		Source:      source.Name,
		DeliveryID:  deliveryID,
		ContentType: contentType,
		Headers:     inbox.KeptHeaders(r.Header),
		Body:        body,
	})
	if err != nil {
		s.unavailable(ctx, w, err)
		return
	}
	ctx = logging.With(ctx, slog.String("event_id", id))
	s.Log.DebugContext(ctx, "accepted", "source", source.Name, "bytes", len(body), "duplicate", known)
	s.Metrics.Count("Accepted", 1)
	writeJSON(w, http.StatusAccepted, map[string]any{"id": id, "duplicate": known})
}

// readBody reads the whole body. If it fails, it has answered the request and ok is false.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		writeProblem(w, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
	case err != nil:
		writeProblem(w, http.StatusRequestTimeout, "the body did not arrive completely and in time")
	}
	return body, err == nil
}

// unavailable logs err, and answers that the sender may try again.
func (s *Server) unavailable(ctx context.Context, w http.ResponseWriter, err error) {
	s.Log.ErrorContext(ctx, "database failed", "error", err)
	w.Header().Set("Retry-After", "1")
	writeProblem(w, http.StatusServiceUnavailable, "cannot store events at the moment; try again")
}

// sourceAge is how long a process may use a source's old secret or rate after a change.
const sourceAge = 2 * time.Second

// maxSources limits the size of the cache, because anybody can ask for any name.
const maxSources = 1000

// sourceCache saves most events a query for their source.
type sourceCache struct {
	mu    sync.Mutex
	known map[string]cachedSource
}

type cachedSource struct {
	inbox.Source
	err error // nil or inbox.ErrNotFound
	at  time.Time
}

func (c *sourceCache) get(ctx context.Context, in *inbox.Inbox, name string) (inbox.Source, error) {
	c.mu.Lock()
	cached, found := c.known[name]
	c.mu.Unlock()
	if found && time.Since(cached.at) < sourceAge {
		return cached.Source, cached.err
	}
	source, err := in.Source(ctx, name)
	if err == nil || errors.Is(err, inbox.ErrNotFound) {
		c.mu.Lock()
		if c.known == nil || len(c.known) >= maxSources {
			c.known = map[string]cachedSource{}
		}
		c.known[name] = cachedSource{source, err, time.Now()}
		c.mu.Unlock()
	}
	return source, err
}
