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

// ledger remembers on disk which processes run: a file for each, named after its process id, that holds when it was started.
// The time tells a process that was left behind from another one that has got the same id since.
type ledger struct{ directory string }

func (l ledger) add(pid int) {
	if born := birth(pid); born != "" && os.MkdirAll(l.directory, 0o700) == nil {
		_ = os.WriteFile(l.entry(pid), []byte(born), 0o600) // without an entry, cleaning knows one process less
	}
}

func (l ledger) remove(pid int) { _ = os.Remove(l.entry(pid)) }

// clean kills what is in the ledger and still runs, with its process group.
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
		born, failed := os.ReadFile(l.entry(pid))
		if failed == nil && len(born) > 0 && birth(pid) == string(born) {
			if failed = syscall.Kill(-pid, syscall.SIGKILL); failed != nil {
				err = errors.Join(err, fmt.Errorf("process %d is left from an earlier run and cannot be ended: %w", pid, failed))
			}
		}
		l.remove(pid)
	}
	return err
}

func (l ledger) entry(pid int) string { return filepath.Join(l.directory, strconv.Itoa(pid)) }

// birth is when a process was started, as ps writes it; empty if there is none, or no ps.
func birth(pid int) string {
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
