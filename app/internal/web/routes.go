package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"dozen/app/internal/config"
	"dozen/app/internal/inbox"
)

type routes struct {
	Sources      []inbox.Source
	Destinations []inbox.Destination
	Schemes      []string
	AppURL       string
	Problem      string // why the form was not accepted
	Name, Secret string // what was just added, with its secret, this once
}

func (s *Server) routesPage(w http.ResponseWriter, r *http.Request) {
	s.renderRoutes(w, r, http.StatusOK, routes{})
}

func (s *Server) renderRoutes(w http.ResponseWriter, r *http.Request, status int, data routes) {
	var err error
	data.Schemes, data.AppURL = inbox.Schemes, s.Config.AppURL
	if data.Sources, err = s.Inbox.Sources(r.Context()); err == nil {
		data.Destinations, err = s.Inbox.Destinations(r.Context())
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.render(w, r, status, "routes", "Sources and destinations", data)
}

func (s *Server) addSource(w http.ResponseWriter, r *http.Request) {
	source := inbox.Source{
		Name:          r.PostFormValue("name"),
		Scheme:        r.PostFormValue("scheme"),
		Secret:        secretOrNew(r.PostFormValue("secret")),
		RatePerMinute: number(r.PostFormValue("rate"), 6000),
	}
	s.added(w, r, source.Validate(), func() error { return s.Inbox.AddSource(r.Context(), source) }, source.Name, source.Secret)
}

// addDestination cannot allow private addresses: that takes an admin command.
func (s *Server) addDestination(w http.ResponseWriter, r *http.Request) {
	destination := inbox.Destination{
		Name:        r.PostFormValue("name"),
		Source:      r.PostFormValue("source"),
		URL:         r.PostFormValue("url"),
		Secret:      secretOrNew(r.PostFormValue("secret")),
		Concurrency: number(r.PostFormValue("concurrency"), 4),
		MaxAttempts: number(r.PostFormValue("attempts"), 12),
	}
	s.added(w, r, destination.Validate(), func() error { return s.Inbox.AddDestination(r.Context(), destination) }, destination.Name, destination.Secret)
}

func (s *Server) added(w http.ResponseWriter, r *http.Request, problem error, add func() error, name string, secret config.Secret) {
	if problem == nil {
		err := add()
		switch {
		case errors.Is(err, inbox.ErrNotFound):
			problem = err
		case err != nil:
			s.failed(w, r, err)
			return
		}
	}
	if problem != nil {
		s.renderRoutes(w, r, http.StatusUnprocessableEntity, routes{Problem: problem.Error()})
		return
	}
	s.Log.InfoContext(r.Context(), "route added", "name", name, "operator", r.Context().Value(operatorKey{}))
	s.renderRoutes(w, r, http.StatusOK, routes{Name: name, Secret: secret.Reveal()})
}

func secretOrNew(text string) config.Secret {
	if text == "" {
		return config.Secret(rand.Text())
	}
	return config.Secret(text)
}

// number is 0, which no limit allows, where the text is none.
func number(text string, fallback int) int {
	if text == "" {
		return fallback
	}
	value, _ := strconv.Atoi(text)
	return value
}
