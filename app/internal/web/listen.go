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

// httpServer bounds what a client can cost: its time by the request timeout,
// its memory by header and body limits, its silence by the keep-alive. The time
// for a body begins with the request, in observe: a ReadTimeout would count from
// the connection's first moment.
func (s *Server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: s.Config.RequestTimeout,
		// The load balancer must be the one to close an idle connection: else it
		// sends a request into one that is just being closed, and answers 502.
		IdleTimeout:    s.Config.KeepAlive,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
}

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("", strconv.Itoa(s.Config.Port)))
	return &patientListener{listener, s.Config.KeepAlive, s.Config.RequestTimeout}, err
}

// patientListener gives a new connection as long for its first byte as an old
// one has for its next. net/http counts the time for a header from the accept
// on, and would close a connection that a load balancer has opened before it
// needs it, just when it does.
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
	begun    atomic.Bool // the first byte has come
}

func (c *patientConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if n > 0 && !c.begun.Swap(true) {
		_ = c.Conn.SetReadDeadline(time.Now().Add(c.listener.header))
	}
	return n, err
}

// SetReadDeadline waits longer for the first byte, unless the server wants to
// be done at once.
func (c *patientConn) SetReadDeadline(deadline time.Time) error {
	if !c.begun.Load() && time.Until(deadline) > 0 {
		deadline = time.Now().Add(c.listener.silence)
	}
	return c.Conn.SetReadDeadline(deadline)
}
