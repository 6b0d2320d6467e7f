package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	maxHeader = 16 << 10 // bytes of all header lines of a request
	maxBody   = 1 << 20  // bytes of an event
)

// httpServer limits what a client can cost: its time by the request timeout, its memory by limits for header and
// body, its idle time by the keep-alive. observe limits the time for a body, from the start of the request: a
// ReadTimeout would count from the start of the connection.
func (s *Server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: s.Config.RequestTimeout,
		// The load balancer must close idle connections first. Otherwise it sends a request on a connection that we are
		// closing, and answers 502.
		IdleTimeout:    s.Config.KeepAlive,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
}

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(s.Config.Bind, strconv.Itoa(s.Config.Port)))
	return &patientListener{listener, s.Config.KeepAlive, s.Config.RequestTimeout}, err
}

// patientListener gives a new connection as much time for its first byte as an idle one has for its next. net/http
// counts the time for a header from the accept, so it would close a connection that a load balancer has opened in
// advance just when the first request is coming.
type patientListener struct {
	net.Listener
	silence, header time.Duration
}

func (l *patientListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: conn, listener: l}, nil
}

type patientConn struct {
	net.Conn
	listener *patientListener
	begun    atomic.Bool // whether the first byte has arrived
}

func (c *patientConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if n > 0 && !c.begun.Swap(true) {
		_ = c.Conn.SetReadDeadline(time.Now().Add(c.listener.header))
	}
	return n, err
}

// SetReadDeadline allows more time for the first byte, unless the deadline has passed: then the server is closing the
// connection.
func (c *patientConn) SetReadDeadline(deadline time.Time) error {
	if !c.begun.Load() && time.Until(deadline) > 0 {
		deadline = time.Now().Add(c.listener.silence)
	}
	return c.Conn.SetReadDeadline(deadline)
}
