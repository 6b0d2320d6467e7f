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
	files := make([]*os.File, len(processes))
	for i, process := range processes {
		if !slices.Contains(known, process) {
			return fmt.Errorf("no log of a process %q; there are: %s", process, strings.Join(known, ", "))
		}
		if files[i], err = os.Open(filepath.Join(home.Logs(), process+".log")); err != nil {
			return err
		}
		defer func() { _ = files[i].Close() }()
	}
	for {
		for _, file := range files {
			if _, err := io.Copy(out, file); err != nil {
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
