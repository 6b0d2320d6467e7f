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
	// idleSlack lets the pool close idle connections before their own deadline does: the pool never closes a connection
	// in use, but the deadline could hit a request that has just chosen it.
	idleSlack = time.Second
)

// targetTransport sends each request over the connections of its own target.
type targetTransport struct{}

func (targetTransport) RoundTrip(r *http.Request) (*http.Response, error) {
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

// idleConn fails when nothing was read or written for a while, so that a stream or a websocket ends when its target
// hangs.
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

// extend moves the deadline. It fails if the connection is closed, and then so does the next read or write.
func (c idleConn) extend() { _ = c.SetDeadline(time.Now().Add(c.idle)) }

// sendOnce keeps http.Transport from sending the request again when a reused connection breaks. The transport only
// repeats a request without a body, or with a body that it can rewind. So a request without a body gets an empty one
// that cannot be rewound; "identity" keeps the transport from announcing it as chunked.
func sendOnce(r *http.Request) {
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = emptyBody{}
		r.TransferEncoding = []string{"identity"}
	}
}

type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }
