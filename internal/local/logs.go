package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// followPause is the time between two looks for new lines.
const followPause = 200 * time.Millisecond

// Logs copies the logs of an environment's processes to out: of all of them if processes is empty. With follow, it
// continues until ctx ends. The environment need not be running.
func Logs(ctx context.Context, home Home, processes []string, follow bool, out io.Writer) error {
	known, err := logged(home)
	if err != nil {
		return err
	}
	if len(processes) == 0 {
		processes = known
	}
	readers := make([]*logReader, len(processes))
	for i, process := range processes {
		if !slices.Contains(known, process) {
			return fmt.Errorf("no log of a process %q; there are: %s", process, strings.Join(known, ", "))
		}
		readers[i] = &logReader{path: filepath.Join(home.Logs(), process+".log"), out: out}
		defer readers[i].close()
		if err := readers[i].copyOld(); err != nil {
			return err
		}
	}
	for {
		for _, reader := range readers {
			if err := reader.copyNew(); err != nil {
				return err
			}
		}
		if !follow {
			return nil
		}
		select {
		case <-time.After(followPause):
		case <-ctx.Done():
			return nil
		}
	}
}

// logReader copies one process's log, also after the log was set aside for a new file.
type logReader struct {
	path string
	file *os.File // nil before the first copyNew
	out  io.Writer
}

// copyOld copies the file that was set aside, if there is one.
func (l *logReader) copyOld() error {
	old, err := os.Open(oldLog(l.path))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = old.Close() }()
	_, err = io.Copy(l.out, old)
	return err
}

// copyNew copies what is new since the last call.
func (l *logReader) copyNew() error {
	next, err := os.Open(l.path)
	if errors.Is(err, os.ErrNotExist) && l.file != nil {
		next, err = nil, nil // the next file is being made
	}
	if err != nil {
		return err
	}
	if l.file != nil {
		if _, err := io.Copy(l.out, l.file); err != nil {
			return err
		}
		if next == nil || sameFile(l.file, next) {
			_ = next.Close()
			return nil
		}
		l.close()
	}
	l.file = next
	_, err = io.Copy(l.out, l.file)
	return err
}

func (l *logReader) close() { _ = l.file.Close() }

func sameFile(a, b *os.File) bool {
	one, errOne := a.Stat()
	two, errTwo := b.Stat()
	return errOne == nil && errTwo == nil && os.SameFile(one, two)
}

// logged returns the processes that have a log.
func logged(home Home) ([]string, error) {
	entries, err := os.ReadDir(home.Logs())
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("environment %q has never run here; start it with `dozen up %[1]s`", home.Environment())
	}
	var processes []string
	for _, entry := range entries {
		if process, is := strings.CutSuffix(entry.Name(), ".log"); is {
			processes = append(processes, process)
		}
	}
	return processes, err
}
