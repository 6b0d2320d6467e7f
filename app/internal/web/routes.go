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
	Problem      string // why the form was rejected
	Name, Secret string // of what has just been added; the secret is not shown again
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
		s.inboxFailed(w, r, err)
		return
	}
	s.render(w, r, status, "routes", "Sources and destinations", data)
}

func (s *Server) addSource(w http.ResponseWriter, r *http.Request) {
	source := inbox.Source{
		Name:          r.PostFormValue("name"),
		Scheme:        r.PostFormValue("scheme"),
		Secret:        secretOrNew(r.PostFormValue("secret")),
		RatePerMinute: formNumber(r.PostFormValue("rate"), 6000),
	}
	s.addRoute(w, r, route{
		name:    source.Name,
		secret:  source.Secret,
		problem: source.Validate(),
		add:     func() error { return s.Inbox.AddSource(r.Context(), source) },
	})
}

// addDestination cannot allow private addresses: only the command `destination add` can.
func (s *Server) addDestination(w http.ResponseWriter, r *http.Request) {
	destination := inbox.Destination{
		Name:        r.PostFormValue("name"),
		Source:      r.PostFormValue("source"),
		URL:         r.PostFormValue("url"),
		Secret:      secretOrNew(r.PostFormValue("secret")),
		Concurrency: formNumber(r.PostFormValue("concurrency"), 4),
		MaxAttempts: formNumber(r.PostFormValue("attempts"), 12),
	}
	s.addRoute(w, r, route{
		name:    destination.Name,
		secret:  destination.Secret,
		problem: destination.Validate(),
		add:     func() error { return s.Inbox.AddDestination(r.Context(), destination) },
	})
}

// route is a source or a destination in a form.
type route struct {
	name    string
	secret  config.Secret
	problem error // nil if the form is valid
	add     func() error
}

// addRoute adds a valid route, and shows the page with its secret or with its problem.
func (s *Server) addRoute(w http.ResponseWriter, r *http.Request, route route) {
	problem := route.problem
	if problem == nil {
		problem = route.add()
		if problem != nil && !errors.Is(problem, inbox.ErrNotFound) {
			s.inboxFailed(w, r, problem)
			return
		}
	}
	if problem != nil {
		s.renderRoutes(w, r, http.StatusUnprocessableEntity, routes{Problem: problem.Error()})
		return
	}
	s.Log.InfoContext(r.Context(), "route added", "name", route.name, "operator", r.Context().Value(operatorKey{}))
	s.renderRoutes(w, r, http.StatusOK, routes{Name: route.name, Secret: route.secret.Reveal()})
}

// secretOrNew returns the secret in a form, or a new one if the field is empty.
func secretOrNew(value string) config.Secret {
	if value == "" {
		return config.Secret(rand.Text())
	}
	return config.Secret(value)
}

// formNumber returns the number in a form, fallback if the field is empty, or 0 if it is not a number. Validate
// rejects 0.
func formNumber(value string, fallback int) int {
	if value == "" {
		return fallback
	}
	number, _ := strconv.Atoi(value)
	return number
}
