package backing

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// serverTimeout is how long a server may take to start or to end.
const serverTimeout = 30 * time.Second

// process is a server that runs as another program.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

// start runs a program as the account, with its output in a new log file.
func start(a account, log string, program string, args ...string) (*process, error) {
	if err := a.write(log, nil); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	p := &process{cmd: command(a, program, args...), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = file, file
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", program, err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	return p, nil
}

func command(a account, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = processAttributes(a.credential)
	cmd.Dir = "/" // the account may not be able to enter the current one
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	return cmd
}

// stop sends the server a signal, and kills it if it does not end in time.
func (p *process) stop(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.done:
	case <-time.After(serverTimeout):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// logTail returns the end of the log, for an error.
func (p *process) logTail() string {
	data, _ := os.ReadFile(p.log)
	return strings.TrimSpace(string(data[max(0, len(data)-2000):]))
}

// stopLeftover stops the server that a crashed run left behind, by its pid file. Another process may have the same id
// by now, so stopLeftover only stops a process that has dir in its command line.
func stopLeftover(pidFile, dir string, signal syscall.Signal) error {
	data, err := os.ReadFile(pidFile)
	if err != nil {
		return nil // no server was left behind
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err == nil && pid > 1 && strings.Contains(commandLine(pid), dir) {
		_ = syscall.Kill(pid, signal)
		deadline := time.Now().Add(serverTimeout)
		for strings.Contains(commandLine(pid), dir) {
			if time.Now().After(deadline) {
				return fmt.Errorf("a server of an earlier run still uses %s and does not stop; kill process %d", dir, pid)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	// A stale file would make the next server take an unrelated process for its predecessor.
	if err := os.Remove(pidFile); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// commandLine returns a process's command line, or "" if there is no such process.
func commandLine(pid int) string {
	if text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline")); err == nil {
		return strings.ReplaceAll(string(text), "\x00", " ")
	}
	text, _ := exec.Command("ps", "-ww", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	return string(text)
}
