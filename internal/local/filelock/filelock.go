// Package filelock takes a directory for one process. The system gives the lock back when the process ends in any way, so a
// crash leaves none behind.
package filelock

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// HeldError says that another process has the lock.
type HeldError struct{ Path, Process string }

func (e HeldError) Error() string { return fmt.Sprintf("%s is held by process %s", e.Path, e.Process) }

// Take locks a file, which it makes if there is none and writes its process id into, until release is called. It does not wait:
// the error is a HeldError if another one has the lock.
func Take(path string) (release func(), err error) {
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
