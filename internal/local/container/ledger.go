package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ledger records on disk which processes are running: one file per process, named after its process id, with its start
// time. The start time tells a process that was left behind from a later process with the same id.
type ledger struct{ directory string }

func (l ledger) add(pid int) {
	if started := startTime(pid); started != "" && os.MkdirAll(l.directory, 0o700) == nil {
		_ = os.WriteFile(l.entry(pid), []byte(started), 0o600) // if this fails, clean misses the process
	}
}

func (l ledger) remove(pid int) { _ = os.Remove(l.entry(pid)) }

// clean kills every process in the ledger that is still running, with its process group.
func (l ledger) clean() error {
	entries, err := os.ReadDir(l.directory)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		pid, notOurs := strconv.Atoi(entry.Name())
		if notOurs != nil {
			continue
		}
		started, readErr := os.ReadFile(l.entry(pid))
		if readErr == nil && len(started) > 0 && startTime(pid) == string(started) {
			if killErr := syscall.Kill(-pid, syscall.SIGKILL); killErr != nil {
				killErr = fmt.Errorf("cannot kill process %d, which an earlier run left behind: %w", pid, killErr)
				err = errors.Join(err, killErr)
			}
		}
		l.remove(pid)
	}
	return err
}

func (l ledger) entry(pid int) string { return filepath.Join(l.directory, strconv.Itoa(pid)) }

// startTime is when a process was started, in the words of ps; empty if there is no such process, or no ps.
func startTime(pid int) string {
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
