package backing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dozen/internal/local/filelock"
)

// lock makes a directory and locks it for this process until unlock is called or the process ends. Without the lock, a
// second start would take the servers of the first one for leftovers of a crash, and stop them.
func lock(dir string) (unlock func(), err error) {
	if dir == "" || !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("Dir is %q: must be an absolute path", dir) //nolint:staticcheck // a field's name
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o711); err != nil { // other users may enter it, not list it
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	unlock, err = filelock.Take(filepath.Join(dir, "lock"))
	var held filelock.HeldError
	if errors.As(err, &held) {
		return nil, fmt.Errorf("%s is in use by process %s; stop that process first", dir, held.Process)
	}
	return unlock, err
}

// writeAtomically writes a file with mode 0600 completely or not at all: a crash must not leave half a password.
func writeAtomically(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
