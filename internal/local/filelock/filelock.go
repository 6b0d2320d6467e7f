// Package filelock locks a file for one process. The operating system releases the lock when the process ends, however
// it ends, so a crash leaves no lock behind.
package filelock

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// HeldError is returned when another process holds the lock.
type HeldError struct{ Path, Process string }

func (e HeldError) Error() string { return fmt.Sprintf("%s is held by process %s", e.Path, e.Process) }

// Take locks a file until unlock is called. It creates the file if needed and writes this process's id into it. Take
// does not wait: it returns a HeldError if another process holds the lock.
func Take(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, HeldError{path, strings.TrimSpace(string(holder))}
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}
