package local

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dozen/internal/local/filelock"
)

// State is what an environment keeps on this machine: data of its services, built programs, logs. It is a directory for each
// checkout and environment, so that two of either live side by side.
type State struct{ Directory string }

// longestSocket is the longest path of a Unix socket on the systems that we know (macOS; Linux has 4 more).
const longestSocket = 103

// StateOf gives the state of one environment of a checkout below a cache directory. Nothing is made yet.
func StateOf(cache, checkout, environment string) (State, error) {
	absolute, err := filepath.Abs(checkout)
	if err != nil {
		return State{}, err
	}
	sum := sha256.Sum256([]byte(absolute))
	name := filepath.Base(absolute) + "-" + hex.EncodeToString(sum[:4])
	s := State{filepath.Join(cache, name, environment)}
	if len(s.socket()) > longestSocket {
		return State{}, fmt.Errorf("%s: the path is longer than a socket's may be (%d characters); set XDG_CACHE_HOME to a shorter directory", s.socket(), longestSocket)
	}
	return s, nil
}

func (s State) socket() string { return filepath.Join(s.Directory, "control") }

// Environment is the name of the environment.
func (s State) Environment() string { return filepath.Base(s.Directory) }

// Logs is the directory with a file for each process.
func (s State) Logs() string { return filepath.Join(s.Directory, "logs") }

// label marks what belongs to the state outside of its directory.
func (s State) label() string {
	return filepath.Base(filepath.Dir(s.Directory)) + "/" + s.Environment()
}

// lock takes the state for this process until unlock.
func (s State) lock() (unlock func(), err error) {
	if err := os.MkdirAll(s.Directory, 0o711); err != nil {
		return nil, err
	}
	unlock, err = filelock.Take(filepath.Join(s.Directory, "lock"))
	var held filelock.HeldError
	if errors.As(err, &held) {
		return nil, fmt.Errorf("environment %q runs here already (process %s); end it with `dozen down %[1]s`", s.Environment(), held.Process)
	}
	return unlock, err
}
