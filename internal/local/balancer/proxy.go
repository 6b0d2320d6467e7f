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

// statusClientGone is what an Application Load Balancer logs when the client hangs up before the answer. No client sees
// it.
const statusClientGone = 460

// targetKey is the key of a request's target in the request's context.
type targetKey struct{}

// ServeHTTP sends the request to one target, once.
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
	// Without full duplex, Go's server holds back the answer until it has read the whole body of the request. A
	// ResponseWriter that does not support it still works that way.
	_ = http.NewResponseController(w).EnableFullDuplex()
	b.proxy.ServeHTTP(w, r.WithContext(ctx))
}

func newProxy(log *slog.Logger) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:       rewrite,
		Transport:     targetTransport{},
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

// statusOf is the status that the client gets when the target did not answer.
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

// validName matches the header names that an Application Load Balancer passes on when it drops invalid header fields.
// An underscore is invalid: many servers take X_Forwarded_For for X-Forwarded-For.
var validName = regexp.MustCompile(`^[-A-Za-z0-9]+$`)

// rewrite turns the client's request into the one that the target gets, with the balancer's headers.
func rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme, p.Out.URL.Host = "http", target(p.In).address
	p.Out.URL.RawQuery = p.In.URL.RawQuery // unchanged, even if Go cannot parse it
	for name := range p.Out.Header {
		if !validName.MatchString(name) {
			delete(p.Out.Header, name)
		}
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-Host"} { // as the real one: an app must not trust them
		if values, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = values
		}
	}
	setForwardedHeaders(p.In, p.Out.Header)
	sendOnce(p.Out)
}

// setForwardedHeaders tells the target the client's address, protocol and port. The address is appended to those that
// the request already has.
func setForwardedHeaders(in *http.Request, out http.Header) {
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
