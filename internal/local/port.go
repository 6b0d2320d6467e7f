package local

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
)

// usual is the port of the load balancer, if it is free.
const usual = 8080

// CheckPort returns the error with which Up would end for its port; 0 is the usual port or the next free one.
func CheckPort(port int) error {
	listener, err := listen(port)
	if err != nil {
		return err
	}
	return listener.Close()
}

// listen listens on a port; on 8080 or the next free port above it if port is 0.
func listen(port int) (net.Listener, error) {
	if port != 0 {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			remedy := "choose a free port from 1024 to 65535"
			if errors.Is(err, fs.ErrPermission) {
				remedy = "ports below 1024 belong to root; " + remedy
			}
			return nil, fmt.Errorf("--port %d: %w; %s", port, err, remedy)
		}
		return listener, nil
	}
	const tries = 100
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
