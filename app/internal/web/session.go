package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"dozen/app/internal/operator"
)

const (
	sessionAge = 12 * time.Hour
	// loginTries limits how often passwords can be guessed in a loginWindow: per email, and three times as often per
	// address.
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

func (s *Server) startSession(ctx context.Context, w http.ResponseWriter, who operator.Identity) error {
	token := rand.Text()
	if err := s.Cache.Set(ctx, sessionKey(token), who.Generation+" "+who.Email, sessionAge); err != nil {
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

// session returns what the cache knows about the visitor, who is nobody without a session.
func (s *Server) session(r *http.Request) (who operator.Identity, err error) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return who, nil
	}
	value, err := s.Cache.Get(detached(r), sessionKey(cookie.Value))
	who.Generation, who.Email, _ = strings.Cut(value, " ")
	return who, err
}

// detached returns a context for a call to the cache, which has its own short timeouts: a client that closes its
// connection must not look like a cache that has failed.
func detached(r *http.Request) context.Context { return context.WithoutCancel(r.Context()) }

func (s *Server) endSession(w http.ResponseWriter, r *http.Request) error {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil
	}
	s.setCookie(w, "", -time.Second)
	return s.Cache.Delete(detached(r), sessionKey(cookie.Value))
}

// tooManyLogins counts a login, and reports whether it is one too many. Unlike the rate limit it fails without the
// cache, because then nobody can log in anyway. An address that has used up its tries cannot fill the cache with
// counters of emails.
func (s *Server) tooManyLogins(r *http.Request, email string) (bool, error) {
	byAddress, err := s.Cache.Count(detached(r), "login:address:"+s.clientNetwork(r), 1, loginWindow)
	if err != nil || byAddress > 3*loginTries {
		return true, err
	}
	sum := sha256.Sum256([]byte(operator.Normalize(email)))
	byEmail, err := s.Cache.Count(detached(r), "login:email:"+hex.EncodeToString(sum[:]), 1, loginWindow)
	return byEmail > loginTries, err
}

// clientNetwork returns the client's address, or the /64 of an IPv6 address, because each customer of a provider has at
// least that many. A load balancer adds the address to X-Forwarded-For, as the last one: a client can write anything
// before it, and, without a load balancer, all of it.
func (s *Server) clientNetwork(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	if s.Config.RoutingLag > 0 { // only behind a load balancer, see docs/contract.md
		forwarded := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
		host = strings.TrimSpace(forwarded[strings.LastIndex(forwarded, ",")+1:])
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	address = address.Unmap().WithZone("")
	if address.Is6() {
		network, _ := address.Prefix(64)
		return network.String()
	}
	return address.String()
}
