package testserver

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// Valkey is a private Valkey or Redis on a loopback port.
type Valkey struct {
	Port int
	Args []string // in addition to those of Start
	bin  string
	cmd  *exec.Cmd
	done chan struct{}
}

// FindValkey returns the path of the server, or "" if it is not installed.
func FindValkey() string {
	for _, name := range []string{"valkey-server", "redis-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// NewValkey prepares a server. Port 0 finds a free port.
func NewValkey(bin string, port int) (*Valkey, error) {
	if port == 0 {
		var err error
		if port, err = FreePort(); err != nil {
			return nil, err
		}
	}
	return &Valkey{Port: port, bin: bin}, nil
}

// Start starts an empty server and waits until it answers.
func (v *Valkey) Start() error {
	args := []string{"--port", strconv.Itoa(v.Port), "--bind", "127.0.0.1",
		"--save", "", "--appendonly", "no", "--loglevel", "warning"}
	v.cmd = exec.Command(v.bin, append(args, v.Args...)...)
	v.cmd.SysProcAttr = ownGroup(nil)
	v.cmd.Dir = os.TempDir()
	v.cmd.Stdout, v.cmd.Stderr = io.Discard, io.Discard
	if err := v.cmd.Start(); err != nil {
		return err
	}
	v.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(v.cmd, v.done)
	for range 500 {
		if conn, err := net.Dial("tcp", v.address()); err == nil {
			return conn.Close()
		}
		select {
		case <-v.done:
			return fmt.Errorf("%s exited while starting", v.bin)
		case <-time.After(20 * time.Millisecond):
		}
	}
	v.Kill()
	return fmt.Errorf("%s does not answer", v.bin)
}

// Freeze suspends the server: it accepts connections, but does not answer.
func (v *Valkey) Freeze() { _ = v.cmd.Process.Signal(syscall.SIGSTOP) }

// Kill kills the server. Its data is lost.
func (v *Valkey) Kill() {
	if v.cmd == nil {
		return
	}
	_ = v.cmd.Process.Signal(syscall.SIGKILL)
	<-v.done
	v.cmd = nil
}

// URL returns the server's URL.
func (v *Valkey) URL() string { return "redis://" + v.address() }

func (v *Valkey) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(v.Port)) }
