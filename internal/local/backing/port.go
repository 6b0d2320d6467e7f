package backing

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listen takes the port that this directory had before, or another if that is taken by now, and remembers it. A
// server of its own program gets the port by number: the caller closes the listener just before.
func listen(dir string) (net.Listener, int, error) {
	path := filepath.Join(dir, "port")
	kept, _ := os.ReadFile(path)
	port, _ := strconv.Atoi(strings.TrimSpace(string(kept)))
	listener, err := net.Listen("tcp", address(port))
	if err != nil && port != 0 {
		listener, err = net.Listen("tcp", address(0))
	}
	if err != nil {
		return nil, 0, fmt.Errorf("no port on loopback: %w", err)
	}
	port = listener.Addr().(*net.TCPAddr).Port
	if err := replace(path, []byte(strconv.Itoa(port)+"\n")); err != nil {
		_ = listener.Close()
		return nil, 0, err
	}
	return listener, port, nil
}

func freePort(dir string) (int, error) {
	listener, port, err := listen(dir)
	if err != nil {
		return 0, err
	}
	return port, listener.Close()
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
