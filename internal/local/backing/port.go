package backing

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listen listens on the port that this directory had before, or on another one if that port is taken, and records it.
func listen(dir string) (net.Listener, int, error) {
	path := filepath.Join(dir, "port")
	kept, _ := os.ReadFile(path)
	port, _ := strconv.Atoi(strings.TrimSpace(string(kept)))
	listener, err := net.Listen("tcp", address(port))
	if err != nil && port != 0 {
		listener, err = net.Listen("tcp", address(0))
	}
	if err != nil {
		return nil, 0, fmt.Errorf("no free port on loopback: %w", err)
	}
	port = listener.Addr().(*net.TCPAddr).Port
	if err := writeAtomically(path, []byte(strconv.Itoa(port)+"\n")); err != nil {
		_ = listener.Close()
		return nil, 0, err
	}
	return listener, port, nil
}

// reservePort returns the port of this directory, for a server that is another program and listens itself.
func reservePort(dir string) (int, error) {
	listener, port, err := listen(dir)
	if err != nil {
		return 0, err
	}
	return port, listener.Close()
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
