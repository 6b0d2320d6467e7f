package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// App is the application to deploy: its directory and its Procfile, and what is compiled to run with it.
type App struct {
	Directory string    // the image's build context
	Processes []Process // from its Procfile
	Gate      string    // directory with the gate's bootstrap binary
	Proxy     string    // directory with the proxy's binary and Dockerfile
}

// Workers are the processes that work on jobs.
func (a App) Workers() (workers []Process) {
	for _, process := range a.Processes {
		if process.Role == RoleWorker {
			workers = append(workers, process)
		}
	}
	return workers
}

// NotInImage are the files of an app that never enter its image or its hash, whatever the app's .dockerignore says: what may hold
// secrets, and what a machine has installed or written. They are patterns as in a .dockerignore. A file *.pem may enter, because
// most of them are public certificates.
var NotInImage = []string{
	"**/.env", "**/.env.*", "**/.envrc", "**/*.key", "**/id_rsa", "**/id_ecdsa", "**/id_ed25519",
	"**/.aws", "**/.ssh", "**/.netrc", "**/.git-credentials", "**/.pypirc",
	"**/.git", "**/.dev", "**/.venv", "venv", "**/node_modules", "**/__pycache__", "**/.DS_Store",
}

// ReadApp reads the Procfile of an app's directory and checks that there is a Dockerfile. What is compiled lies in gate and proxy
// below compiled.
func ReadApp(files fs.FS, directory, compiled string) (App, error) {
	procfile, err := fs.ReadFile(files, "Procfile")
	if err != nil {
		return App{}, fmt.Errorf("%s/Procfile: %w; it names the app's processes, see docs/contract.md", directory, withoutPath(err))
	}
	if _, err := fs.Stat(files, "Dockerfile"); err != nil {
		return App{}, fmt.Errorf("%s/Dockerfile: %w; it builds the app's image, see docs/contract.md", directory, withoutPath(err))
	}
	processes, err := ParseProcfile(string(procfile))
	return App{
		Directory: directory, Processes: processes, Gate: filepath.Join(compiled, "gate"), Proxy: filepath.Join(compiled, "proxy"),
	}, err
}

// withoutPath drops the operation and path that fs errors repeat.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
