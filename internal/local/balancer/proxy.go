package balancer

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"regexp"
	"strings"
)

// statusClientGone is what an Application Load Balancer logs for a client that did not wait. Nobody reads it.
const statusClientGone = 460

// targetKey is the key in a request's context of the target that it was routed to.
type targetKey struct{}

// ServeHTTP sends the request to a target, once.
func (b *Balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := b.pick()
	if t == nil {
		b.log.Warn("503: no target", "method", r.Method, "path", r.URL.Path)
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(r.Context(), targetKey{}, t))
	defer cancel(nil)
	defer context.AfterFunc(t.requests, func() { cancel(context.Cause(t.requests)) })()
	// Without it, Go's server holds back the answer until the request's body has come to its end. Not every ResponseWriter
	// can; those answer as before.
	_ = http.NewResponseController(w).EnableFullDuplex()
	t.count(+1)
	defer t.count(-1)
	b.proxy.ServeHTTP(w, r.WithContext(ctx))
}

func newProxy(log *slog.Logger) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:       rewrite,
		Transport:     routed{},
		FlushInterval: -1, // a stream arrives as it is sent
		ErrorLog:      slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			status := statusOf(r, err)
			if status != statusClientGone {
				log.Warn("no answer from the target", "status", status, "method", r.Method, "path", r.URL.Path,
					"target", target(r).address, "error", err)
			}
			http.Error(w, http.StatusText(status), status)
		},
	}
}

func target(r *http.Request) *Target { return r.Context().Value(targetKey{}).(*Target) }

// statusOf is what the client sees when the target gave no answer.
func statusOf(r *http.Request, err error) int {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return http.StatusGatewayTimeout
	case r.Context().Err() != nil && !errors.Is(context.Cause(r.Context()), errCut):
		return statusClientGone
	}
	return http.StatusBadGateway
}

// validName is what an Application Load Balancer lets pass when it drops invalid header fields. An underscore is invalid:
// many servers take X_Forwarded_For for X-Forwarded-For.
var validName = regexp.MustCompile(`^[-A-Za-z0-9]+$`)

// rewrite makes the request that the target sees: the client's own, with the balancer's headers.
func rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme, p.Out.URL.Host = "http", target(p.In).address
	p.Out.URL.RawQuery = p.In.URL.RawQuery // as it came, also what Go cannot parse
	for name := range p.Out.Header {
		if !validName.MatchString(name) {
			delete(p.Out.Header, name)
		}
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-Host"} { // passed on, as the real one does: do not trust them
		if values, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = values
		}
	}
	forward(p.In, p.Out.Header)
	sentOnce(p.Out)
}

// forward tells the target who asked, and how: the client's address is added to what others said before.
func forward(in *http.Request, out http.Header) {
	client, _, err := net.SplitHostPort(in.RemoteAddr)
	if err != nil {
		client = in.RemoteAddr
	}
	out.Set("X-Forwarded-For", strings.Join(append(in.Header.Values("X-Forwarded-For"), client), ", "))
	proto := "http"
	if in.TLS != nil {
		proto = "https"
	}
	out.Set("X-Forwarded-Proto", proto)
	out.Del("X-Forwarded-Port")
	if listener, ok := in.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(listener.String()); err == nil {
			out.Set("X-Forwarded-Port", port)
		}
	}
}
