package balancer

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	connectTimeout = 10 * time.Second // an Application Load Balancer's own
	// idleSlack lets the pool close its idle connections first. It does so only while nobody uses them; a connection's
	// own deadline could hit a request that has just chosen it.
	idleSlack = time.Second
)

// routed sends each request over the connections of its own target.
type routed struct{}

func (routed) RoundTrip(r *http.Request) (*http.Response, error) {
	return target(r).transport.RoundTrip(r)
}

func newTransport(idle time.Duration) *http.Transport {
	dialer := net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return idleConn{conn, idle + idleSlack}, nil
		},
		DisableCompression:    true, // bodies pass as they are
		MaxIdleConnsPerHost:   1000,
		IdleConnTimeout:       idle,
		ResponseHeaderTimeout: idle,
	}
}

// idleConn breaks when nothing was read or written for a while: a stream or a websocket whose target hangs must end.
type idleConn struct {
	net.Conn
	idle time.Duration
}

func (c idleConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.extend()
	}
	return n, err
}

func (c idleConn) Write(p []byte) (int, error) {
	c.extend()
	return c.Conn.Write(p)
}

// extend moves the deadline; a connection that is closed by then tells so itself at the next use.
func (c idleConn) extend() { _ = c.SetDeadline(time.Now().Add(c.idle)) }

// sentOnce keeps http.Transport from sending the request again when a reused connection breaks. It repeats only what has no
// body, or one that it can rewind; so a request without a body gets one that is empty and cannot be rewound. "identity"
// keeps it from being announced as a chunked body.
func sentOnce(r *http.Request) {
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = emptyBody{}
		r.TransferEncoding = []string{"identity"}
	}
}

type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }
