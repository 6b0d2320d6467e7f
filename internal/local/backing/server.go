package backing

import (
	"regexp"
	"strconv"
	"strings"
)

// Server is what every resource tells about itself.
type Server struct {
	Address string   // 127.0.0.1:port
	Port    int      // the same from start to start, unless somebody else has taken it
	Version string   // what runs: "17.10"; "" where there is no server of its own
	Notes   []string // what differs from the environment on AWS, for the user

	stop func()
}

// Stop ends the resource in order and waits for it. Stopping twice is harmless.
func (s *Server) Stop() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// major is a version's first number, or 0.
func major(version string) int {
	first, _, _ := strings.Cut(version, ".")
	number, _ := strconv.Atoi(first)
	return number
}
