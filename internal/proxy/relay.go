package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// noDeadline takes a connection's deadline away.
var noDeadline time.Time

// goodbye is how long the other direction may go on after one side has ended a connection. What the server says last, such as the
// reason of its end, must reach the client; and a client that is gone must not hold a session of the server.
const goodbye = 5 * time.Second

// relay copies bytes in both directions until both sides have ended, and closes both connections.
func relay(client, server net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { forward(server, client) })
	both.Go(func() { forward(client, server) })
	both.Wait()
	_ = client.Close()
	_ = server.Close()
}

// forward copies until from ends, and passes the end on.
func forward(to, from net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = to.SetReadDeadline(time.Now().Add(goodbye))
	_ = from.SetDeadline(time.Now().Add(goodbye))
}

// isEnd reports whether a connection has ended rather than failed.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
