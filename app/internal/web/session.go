package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	sessionAge = 12 * time.Hour
	// loginTries limits how often passwords can be guessed in a loginWindow, per email and per address.
	loginTries  = 10
	loginWindow = 5 * time.Minute
)

// sessionKey returns the key of a session in the cache. It contains only a hash of the token, so that nobody can log
// in with what is in the cache.
func sessionKey(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "session:" + hex.EncodeToString(sum[:])
}

// cookieName returns the cookie's name. Over HTTPS it has a prefix that makes browsers protect the cookie.
func (s *Server) cookieName() string {
	if s.secure() {
		return "__Host-session"
	}
	return "session"
}

func (s *Server) secure() bool { return strings.HasPrefix(s.Config.AppURL, "https://") }

func (s *Server) startSession(ctx context.Context, w http.ResponseWriter, email string) error {
	token := rand.Text()
	if err := s.Cache.Set(ctx, sessionKey(token), email, sessionAge); err != nil {
		return err
	}
	s.setCookie(w, token, sessionAge)
	return nil
}

func (s *Server) setCookie(w http.ResponseWriter, token string, age time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name:     s.cookieName(),
		Value:    token,
		Path:     "/",
		MaxAge:   int(age.Seconds()),
		Secure:   s.secure(),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// operator returns the email of the operator who is logged in, or "".
func (s *Server) operator(r *http.Request) (email string, err error) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return "", nil
	}
	return s.Cache.Get(r.Context(), sessionKey(cookie.Value))
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request) error {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil
	}
	s.setCookie(w, "", -time.Second)
	return s.Cache.Delete(r.Context(), sessionKey(cookie.Value))
}

// tooManyLogins counts a login, and reports whether it is one too many. Unlike the rate limit it fails without the
// cache, because then nobody can log in anyway.
func (s *Server) tooManyLogins(r *http.Request, email string) (bool, error) {
	byEmail, err := s.Cache.Count(r.Context(), "login:email:"+email, 1, loginWindow)
	if err != nil {
		return false, err
	}
	byAddress, err := s.Cache.Count(r.Context(), "login:address:"+clientAddress(r), 1, loginWindow)
	return byEmail > loginTries || byAddress > 3*loginTries, err
}

// clientAddress returns the last address in X-Forwarded-For, which our own load balancer has added. The client can
// write anything before it.
func clientAddress(r *http.Request) string {
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		return strings.TrimSpace(forwarded[strings.LastIndex(forwarded, ",")+1:])
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}
