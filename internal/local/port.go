package local

import (
	"fmt"
	"net"
	"strconv"
)

// listen listens on a port; on 8080 or the next free port above it if port is 0.
func listen(port int) (net.Listener, error) {
	if port != 0 {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, fmt.Errorf("--port %d: %w; choose a free port from 1 to 65535", port, err)
		}
		return listener, nil
	}
	const usual, tries = 8080, 100
	for port = usual; port < usual+tries; port++ {
		if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return listener, nil
		}
	}
	return nil, fmt.Errorf("no free port from %d to %d; choose one with --port", usual, usual+tries-1)
}

// freePort returns a port that is free now.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
