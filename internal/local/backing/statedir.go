package backing

import (
	"fmt"
	"os"
	"path/filepath"
)

// StateDir is where an environment's resources keep what outlives a run: dozen in the user's cache directory. For
// root it is /var/cache/dozen, because root's home is closed to the user that PostgreSQL then runs as. XDG_CACHE_HOME goes first.
func StateDir() (string, error) {
	if os.Getuid() == 0 && os.Getenv("XDG_CACHE_HOME") == "" {
		return "/var/cache/dozen", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no directory for state: %w: set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "dozen"), nil
}
