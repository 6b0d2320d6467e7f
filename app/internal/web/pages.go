package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"dozen/app/internal/inbox"
)

//go:embed templates/*.html static/*
var files embed.FS

var templates = parseTemplates("login", "events", "event", "routes", "problem")

func parseTemplates(names ...string) map[string]*template.Template {
	functions := template.FuncMap{"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }}
	parsed := map[string]*template.Template{}
	for _, name := range names {
		parsed[name] = template.Must(template.New("layout.html").Funcs(functions).
			ParseFS(files, "templates/layout.html", "templates/"+name+".html"))
	}
	return parsed
}

// addPages adds the routes of the operators' page. All of them refuse posts from other sites.
func (s *Server) addPages(mux *http.ServeMux) {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problemPage(w, r, http.StatusForbidden, "This form was sent from another site.")
	}))
	page := func(pattern string, handler http.HandlerFunc) {
		mux.Handle(pattern, crossOrigin.Handler(s.withSecurityHeaders(handler)))
	}
	page("GET /login", s.loginPage)
	page("POST /login", s.login)
	page("POST /logout", s.logout)
	page("GET /{$}", s.operatorsOnly(s.eventsPage))
	page("GET /events/{id}", s.operatorsOnly(s.eventPage))
	page("POST /events/{id}/replay", s.operatorsOnly(s.replay))
	page("GET /routes", s.operatorsOnly(s.routesPage))
	page("POST /sources", s.operatorsOnly(s.addSource))
	page("POST /destinations", s.operatorsOnly(s.addDestination))
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the embedded files are part of the program
	}
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
}

const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'"

// withSecurityHeaders sets the headers that keep browsers from framing, sniffing and caching a page, and from running
// scripts in it; no page needs scripts.
func (s *Server) withSecurityHeaders(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		if s.secure() {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		s.withForm(w, r, next)
	})
}

// maxForm is the size of a form in bytes, a hundred times as much as any form here needs.
const maxForm = 64 << 10

// withForm reads the form before next runs, so that no page has to expect a form that is slow, too large or not text.
func (s *Server) withForm(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	arriving := &bounded{budget: &s.bodies, from: http.MaxBytesReader(w, r.Body, maxForm)}
	defer arriving.free()
	r.Body = arriving
	switch err := r.ParseForm(); {
	case arriving.err != nil:
		status, detail := arriving.problem()
		s.problemPage(w, r, status, "This form was not accepted: "+detail+".")
	case err != nil || !allText(r.Form):
		s.problemPage(w, r, http.StatusBadRequest, "This request contains something that is not text.")
	default:
		next(w, r)
	}
}

// isText reports whether the database can store text: UTF-8 without NUL.
func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

func allText(form url.Values) bool {
	for _, values := range form {
		if !isText(strings.Join(values, "")) {
			return false
		}
	}
	return true
}

type operatorKey struct{}

// operatorsOnly serves next to operators, and redirects everybody else to the login form. The database decides who is
// one, so that a session ends with the operator or the password that it began with.
func (s *Server) operatorsOnly(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := s.session(r)
		if err != nil {
			s.Log.ErrorContext(r.Context(), "cache failed, operators cannot use the page", "error", err)
			s.problemPage(w, r, http.StatusServiceUnavailable,
				"This page is unavailable at the moment. Events are still accepted.")
			return
		}
		is := false
		if who.Email != "" {
			if is, err = who.IsCurrent(r.Context(), s.DB); err != nil {
				s.inboxFailed(w, r, err)
				return
			}
		}
		if !is {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		next(w, r.WithContext(context.WithValue(r.Context(), operatorKey{}, who.Email)))
	}
}

// page is the data of the layout. Its Data is the data of the page's own template.
type page struct {
	Title    string
	Operator string
	Data     any
}

func (s *Server) render(
	w http.ResponseWriter, r *http.Request, status int, name, title string, data any,
) {
	email, _ := r.Context().Value(operatorKey{}).(string)
	var body bytes.Buffer
	if err := templates[name].Execute(&body, page{title, email, data}); err != nil {
		s.Log.ErrorContext(r.Context(), "template failed", "template", name, "error", err)
		http.Error(w, internalError, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // an error means that the browser has disconnected
}

func (s *Server) problemPage(w http.ResponseWriter, r *http.Request, status int, message string) {
	s.render(w, r, status, "problem", http.StatusText(status), message)
}

// inboxFailed answers a request after an error of the inbox.
func (s *Server) inboxFailed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, inbox.ErrNotFound) {
		s.problemPage(w, r, http.StatusNotFound, "This event does not exist.")
		return
	}
	if errors.Is(err, inbox.ErrArchiving) {
		s.problemPage(w, r, http.StatusConflict, "This was not done: "+err.Error()+".")
		return
	}
	if status, detail := s.blame(r, err); status < 500 {
		s.problemPage(w, r, status, "This was not accepted: "+detail+".")
		return
	}
	s.problemPage(w, r, http.StatusServiceUnavailable, "The database does not answer. Please try again.")
}
