package backing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dozen/internal/local/filelock"
)

// claim makes a directory and takes it for this process until the release, or until the process ends, however it
// does. Without it a second start would take the first one's servers for leftovers of a crash, and stop them.
func claim(dir string) (release func(), err error) {
	if dir == "" || !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("Dir %q: want an absolute path, for example below StateDir", dir) //nolint:staticcheck // a field's name
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o711); err != nil { // others may pass, not look
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	release, err = filelock.Take(filepath.Join(dir, "lock"))
	var held filelock.HeldError
	if errors.As(err, &held) {
		return nil, fmt.Errorf("%s is in use by process %s: stop that one first", dir, held.Process)
	}
	return release, err
}

// replace writes a file of mode 0600 whole or not at all: a crash between two writes must not leave half a password.
func replace(path string, content []byte) error {
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
