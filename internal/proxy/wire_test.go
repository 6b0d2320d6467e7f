package proxy_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// wire is the network between the proxy and a server. It can be cut, and it can go silent.
type wire struct {
	address string

	mu     sync.Mutex
	to     string
	silent bool
	open   map[net.Conn]bool
}

// lay makes a wire at a loopback address such as 127.0.0.1.
func lay(t testing.TB, host, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: listener.Addr().String(), to: to, open: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { w.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
		serving.Wait()
	})
	return w
}

func (w *wire) carry(near net.Conn) {
	defer func() { _ = near.Close() }()
	w.mu.Lock()
	to, silent := w.to, w.silent
	w.open[near] = true
	w.mu.Unlock()
	if silent {
		_, _ = io.Copy(io.Discard, near)
		return
	}
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	w.mu.Lock()
	w.open[far] = true
	w.mu.Unlock()
	go func() { _, _ = io.Copy(far, near); _ = far.(*net.TCPConn).CloseWrite() }()
	_, _ = io.Copy(near, far)
}

// cut resets every connection.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn := range w.open {
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
	clear(w.open)
}

// lead changes the server of the connections to come. An empty address accepts them and never answers.
func (w *wire) lead(to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to, w.silent = to, to == ""
}
