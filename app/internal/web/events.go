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

// pageSize is how many events a page lists; shownBody how many bytes of a body
// it shows.
const (
	pageSize  = 50
	shownBody = 32 << 10
)

type eventList struct {
	Filter  inbox.Filter
	Sources []inbox.Source
	States  []string
	Events  []inbox.Summary
	Older   template.URL // of the next page, "" on the last
}

func (s *Server) eventsPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	list := eventList{
		Filter: inbox.Filter{Source: query.Get("source"), State: query.Get("state"), Text: query.Get("q"), Limit: pageSize},
		States: []string{"pending", "delivered", "dead", "quarantined"},
	}
	if before := query.Get("before"); inbox.IsID(before) {
		list.Filter.Before = before
	}
	var err error
	if list.Events, err = s.Inbox.Events(r.Context(), list.Filter); err == nil {
		list.Sources, err = s.Inbox.Sources(r.Context())
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	if len(list.Events) == pageSize {
		query.Set("before", list.Events[pageSize-1].ID)
		list.Older = template.URL("/?" + query.Encode()) // Encode has escaped it
	}
	s.render(w, r, http.StatusOK, "events", "Events", list)
}

type eventDetail struct {
	inbox.Event
	Deliveries []inbox.State
	Attempts   []inbox.Attempt
	Text       string // the body, "" if it is not text
	Cut        bool   // the body is longer than Text
	Started    string // deliveries that a replay has just started, "" if there was none
}

func (s *Server) eventPage(w http.ResponseWriter, r *http.Request) {
	event, states, attempts, err := s.Inbox.Event(r.Context(), r.PathValue("id"))
	if err != nil {
		s.failed(w, r, err)
		return
	}
	detail := eventDetail{Event: event, Deliveries: states, Attempts: attempts}
	// A cut may go through a character; only the last one is dropped for it.
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
		s.failed(w, r, err)
		return
	}
	s.Log.InfoContext(r.Context(), "replayed", "event_id", id, "deliveries", started, "operator", r.Context().Value(operatorKey{}))
	http.Redirect(w, r, "/events/"+url.PathEscape(id)+"?started="+strconv.Itoa(started), http.StatusSeeOther)
}
