// Package testserver starts real, private servers for the tests and for `make dev`. It is not part of the image.
package testserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Password is the password of the superuser, postgres, on every server.
const Password = "postgres"

// Postgres is a private PostgreSQL on a loopback port.
type Postgres struct {
	Port int
	Args []string // in addition to those of Start
	bin  string
	data string
	user *syscall.Credential // nil unless we are root, which PostgreSQL refuses
	cmd  *exec.Cmd
	done chan struct{}
}

func (p *Postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.SysProcAttr = ownGroup(p.user)
	cmd.Dir = "/"
	return cmd
}

// Start starts the server and waits until it answers.
func (p *Postgres) Start() error {
	// fsync only protects against a crash of the whole machine, and takes most of the time.
	p.cmd = p.command("postgres", append([]string{"-D", p.data, "-p", strconv.Itoa(p.Port), "-k", "",
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=300",
		"-c", "log_min_messages=fatal", "-c", "autovacuum_naptime=10s"}, p.Args...)...)
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
			return fmt.Errorf("postgres exited while starting: %s", log)
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

// Secure makes the server accept TLS, with a certificate and its key in PEM. Call it before Start.
func (p *Postgres) Secure(certificate, key []byte) error {
	for name, content := range map[string][]byte{"server.crt": certificate, "server.key": key} {
		file := filepath.Join(p.data, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
		if p.user != nil {
			if err := os.Chown(file, int(p.user.Uid), int(p.user.Gid)); err != nil {
				return err
			}
		}
	}
	p.Args = append(p.Args, "-c", "ssl=on")
	return nil
}

// Stop shuts the server down, and disconnects its clients.
func (p *Postgres) Stop() { p.signal(syscall.SIGINT) }

// Kill stops the server like a crash.
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

// URL returns the URL of one of the server's databases.
func (p *Postgres) URL(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/%s?sslmode=disable", Password, p.Port, database)
}

// FreePort returns a port that nobody is listening on.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
