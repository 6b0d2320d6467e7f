package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"dozen/app/internal/inbox"
)

const (
	pageSize  = 50       // events on one page of the list
	shownBody = 32 << 10 // bytes of a body that an event's page shows
)

type eventList struct {
	Filter  inbox.Filter
	Sources []inbox.Source
	States  []string
	Events  []inbox.Summary
	Older   template.URL // the next page, "" on the last one
}

func (s *Server) eventsPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	list := eventList{
		Filter: inbox.Filter{
			Source: query.Get("source"),
			State:  query.Get("state"),
			Text:   query.Get("q"),
			Limit:  pageSize,
		},
		States: inbox.States,
	}
	if before := query.Get("before"); inbox.IsID(before) {
		list.Filter.Before = before
	}
	var err error
	if list.Events, err = s.Inbox.Events(r.Context(), list.Filter); err == nil {
		list.Sources, err = s.Inbox.Sources(r.Context())
	}
	if err != nil {
		s.inboxFailed(w, r, err)
		return
	}
	if len(list.Events) == pageSize {
		query.Set("before", list.Events[pageSize-1].ID)
		list.Older = template.URL("/?" + query.Encode()) // escaped by Encode
	}
	s.render(w, r, http.StatusOK, "events", "Events", list)
}

type eventDetail struct {
	inbox.Event
	Deliveries []inbox.State
	Attempts   []inbox.Attempt
	Text       string // the body, "" if it is binary
	Cut        bool   // whether the body is longer than Text
	Started    string // number of deliveries that a replay has just started, "" without a replay
}

func (s *Server) eventPage(w http.ResponseWriter, r *http.Request) {
	event, states, attempts, err := s.Inbox.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		s.inboxFailed(w, r, err)
		return
	}
	detail := eventDetail{Event: event, Deliveries: states, Attempts: attempts}
	// The cut may split the last character, so up to three invalid bytes are dropped. A body with more is binary.
	shown := event.Body[:min(len(event.Body), shownBody)]
	if text := strings.ToValidUTF8(string(shown), ""); len(text) > len(shown)-utf8.UTFMax {
		detail.Text, detail.Cut = text, len(event.Body) > shownBody
	}
	if count, err := strconv.Atoi(r.URL.Query().Get("started")); err == nil {
		detail.Started = strconv.Itoa(count)
	}
	s.render(w, r, http.StatusOK, "event", "Event "+event.ID, detail)
}

func (s *Server) replay(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	started, err := s.Inbox.Replay(r.Context(), id, r.PostFormValue("destination"))
	if err != nil {
		s.inboxFailed(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "replayed",
		"event_id", id, "deliveries", started, "operator", r.Context().Value(operatorKey{}))
	http.Redirect(w, r, "/events/"+url.PathEscape(id)+"?started="+strconv.Itoa(started), http.StatusSeeOther)
}
