package web

import (
	"errors"
	"net/http"

	"dozen/app/internal/operator"
)

type loginForm struct{ Email, Problem string }

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "login", "Log in", loginForm{})
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	email, password := r.PostFormValue("email"), r.PostFormValue("password")
	showForm := func(status int, problem string) {
		s.render(w, r, status, "login", "Log in", loginForm{email, problem})
	}
	tooMany, err := s.tooManyLogins(r, email)
	if err == nil && tooMany {
		showForm(http.StatusTooManyRequests, "Too many attempts. Please wait five minutes.")
		return
	}
	var who operator.Identity
	if err == nil {
		who, err = operator.Check(r.Context(), s.DB, email, password)
	}
	if errors.Is(err, operator.ErrBusy) {
		showForm(http.StatusTooManyRequests, "Too many people are logging in. Please try again.")
		return
	}
	if errors.Is(err, operator.ErrRefused) {
		s.Log.WarnContext(r.Context(), "login refused")
		showForm(http.StatusUnauthorized, "Email or password is wrong.")
		return
	}
	if err == nil {
		err = s.startSession(detached(r), w, who)
	}
	if err != nil {
		status, _ := s.blame(r, err)
		showForm(status, "You cannot log in at the moment. Please try again.")
		return
	}
	s.Log.InfoContext(r.Context(), "logged in", "operator", who.Email)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.endSession(w, r); err != nil {
		s.Log.ErrorContext(r.Context(), "cannot end the session", "error", err)
		s.problemPage(w, r, http.StatusServiceUnavailable, "You could not be logged out. Please try again.")
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
