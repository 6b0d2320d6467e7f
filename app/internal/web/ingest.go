package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"dozen/app/internal/database"
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
		s.eventFailed(w, r, err)
		return
	}
	arriving := &bounded{budget: &s.bodies, from: http.MaxBytesReader(w, r.Body, maxBody)}
	defer arriving.free()
	r.Body = arriving
	body, err := io.ReadAll(arriving)
	if err != nil {
		status, detail := arriving.problem()
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		writeProblem(w, status, detail)
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
	// Headers are bytes, the database wants UTF-8: an event is worth more than the name of its file in Latin-1.
	contentType := strings.ToValidUTF8(r.Header.Get("Content-Type"), "\uFFFD")
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
		s.eventFailed(w, r, err)
		return
	}
	ctx = logging.With(ctx, slog.String("event_id", id))
	s.Log.DebugContext(ctx, "accepted", "source", source.Name, "bytes", len(body), "duplicate", known)
	s.Metrics.Count("Accepted", 1)
	writeJSON(w, http.StatusAccepted, map[string]any{"id": id, "duplicate": known})
}

// eventFailed logs an error of the database, and answers that the sender may try again, unless the request itself is
// what failed.
func (s *Server) eventFailed(w http.ResponseWriter, r *http.Request, err error) {
	if status, detail := s.blame(r, err); status < 500 {
		writeProblem(w, status, detail)
		return
	}
	w.Header().Set("Retry-After", "1")
	writeProblem(w, http.StatusServiceUnavailable, "cannot store events at the moment; try again")
}

// blame logs an error of the database, and returns the status of the answer: 503 only if it is not the client who
// caused it. Alarms and rollbacks of releases depend on 5xx, so no client may be able to cause one.
func (s *Server) blame(r *http.Request, err error) (status int, detail string) {
	ctx := r.Context()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		s.Log.DebugContext(ctx, "the client has closed its connection", "error", err)
		return http.StatusRequestTimeout, "the request was aborted"
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && late(r, s.Config.RequestTimeout):
		s.Log.DebugContext(ctx, "the body came late", "error", err)
		return http.StatusRequestTimeout, "the body did not arrive completely and in time"
	case database.IsRefusedValue(err):
		s.Log.WarnContext(ctx, "the database refuses a value", "error", err)
		return http.StatusBadRequest, "the request contains a value that cannot be stored"
	}
	s.Log.ErrorContext(ctx, "database failed", "error", err)
	return http.StatusServiceUnavailable, ""
}
