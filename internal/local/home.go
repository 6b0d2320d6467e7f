package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"dozen/internal/local/filelock"
)

// Home is the directory where an environment on this machine keeps its data: that of its backing services, the built
// programs and the logs. Each environment of each checkout has its own home, so that several can run at once.
type Home struct{ Directory string }

// longestSocket is the longest path of a Unix socket: 103 characters on macOS, 107 on Linux.
const longestSocket = 103

// HomeOf returns the home of an environment of a checkout. It does not create the directory.
func HomeOf(checkout, environment string) (Home, error) {
	cache, err := cacheDirectory()
	if err != nil {
		return Home{}, err
	}
	absolute, err := filepath.Abs(checkout)
	if err != nil {
		return Home{}, err
	}
	sum := sha256.Sum256([]byte(absolute))
	name := filepath.Base(absolute) + "-" + hex.EncodeToString(sum[:4])
	h := Home{filepath.Join(cache, name, environment)}
	if len(h.socket()) > longestSocket {
		return Home{}, fmt.Errorf("the path %s is too long for a socket, which may have %d characters; "+
			"set XDG_CACHE_HOME to a shorter directory", h.socket(), longestSocket)
	}
	return h, nil
}

// cacheDirectory is where all homes are: dozen in the user's cache directory. For root it is /var/cache/dozen unless
// XDG_CACHE_HOME is set, because the user that runs root's PostgreSQL cannot enter root's own cache directory.
func cacheDirectory() (string, error) {
	if os.Getuid() == 0 && os.Getenv("XDG_CACHE_HOME") == "" {
		return "/var/cache/dozen", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find the user's cache directory: %w; set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "dozen"), nil
}

func (h Home) socket() string { return filepath.Join(h.Directory, "control") }

// Environment returns the name of the environment.
func (h Home) Environment() string { return filepath.Base(h.Directory) }

// Exists reports whether the environment has ever run here.
func (h Home) Exists() bool {
	_, err := os.Stat(h.Directory)
	return err == nil
}

// runningSiblings returns the names of the checkout's other environments that run here.
func (h Home) runningSiblings(ctx context.Context) []string {
	sockets, _ := filepath.Glob(filepath.Join(filepath.Dir(h.Directory), "*", filepath.Base(h.socket())))
	var names []string
	for _, socket := range sockets {
		other := Home{filepath.Dir(socket)}
		var dialer net.Dialer
		if connection, err := dialer.DialContext(ctx, "unix", socket); err == nil && other != h {
			_ = connection.Close()
			names = append(names, other.Environment())
		}
	}
	return names
}

// Logs returns the directory with one log file for each process.
func (h Home) Logs() string { return filepath.Join(h.Directory, "logs") }

// secrets returns the directory with the generated secrets, which only the user may read.
func (h Home) secrets() string { return filepath.Join(h.Directory, "secrets") }

// label marks what belongs to the environment outside of its home, such as containers.
func (h Home) label() string {
	return filepath.Base(filepath.Dir(h.Directory)) + "/" + h.Environment()
}

// lock locks the home for this process until unlock is called.
func (h Home) lock() (unlock func(), err error) {
	if err := os.MkdirAll(h.Directory, 0o711); err != nil {
		return nil, err
	}
	unlock, err = filelock.Take(filepath.Join(h.Directory, "lock"))
	var held filelock.HeldError
	if errors.As(err, &held) {
		return nil, fmt.Errorf("environment %q is already running here (process %s); stop it with `dozen down %[1]s`",
			h.Environment(), held.Process)
	}
	return unlock, err
}
