package backing

import (
	"regexp"
	"strconv"
	"strings"
)

// Server describes a running backing service.
type Server struct {
	Address string   // 127.0.0.1:port
	Port    int      // the same after a restart, unless another program has taken it
	Version string   // such as "17.10"; empty if no server program runs
	Notes   []string // differences from AWS, for the user

	stop func()
}

// Stop shuts the service down in order and waits for its end. A second call does nothing.
func (s *Server) Stop() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// major returns the first number of a version, or 0.
func major(version string) int {
	first, _, _ := strings.Cut(version, ".")
	number, _ := strconv.Atoi(first)
	return number
}
