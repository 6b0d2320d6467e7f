package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
)

const (
	maxHeader = 16 << 10 // bytes of all header lines of a request
	maxBody   = 1 << 20  // bytes of an event
)

// httpServer bounds what a client can cost: its time by the request timeout,
// its memory by header and body limits, its silence by the keep-alive.
func (s *Server) httpServer() *http.Server {
	return &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: s.Config.RequestTimeout,
		ReadTimeout:       s.Config.RequestTimeout,
		WriteTimeout:      2 * s.Config.RequestTimeout,
		// The load balancer must be the one to close an idle connection: else it
		// sends a request into one that is just being closed, and answers 502.
		IdleTimeout:    s.Config.KeepAlive,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", net.JoinHostPort("", strconv.Itoa(port)))
}
