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

// followPause is how often a log is looked at for new lines.
const followPause = 200 * time.Millisecond

// Logs copies what the processes of an environment have written, of all processes if none is named; with follow it goes on until
// ctx ends. The environment need not run.
func Logs(ctx context.Context, state State, processes []string, follow bool, out io.Writer) error {
	known, err := logged(state)
	if err != nil {
		return err
	}
	if len(processes) == 0 {
		processes = known
	}
	files := make([]*os.File, len(processes))
	for i, process := range processes {
		if !slices.Contains(known, process) {
			return fmt.Errorf("no process %q has written anything; there are: %s", process, strings.Join(known, ", "))
		}
		if files[i], err = os.Open(filepath.Join(state.Logs(), process+".log")); err != nil {
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

func logged(state State) ([]string, error) {
	entries, err := os.ReadDir(state.Logs())
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("environment %q has never run here; start it with `dozen up %[1]s`", state.Environment())
	}
	var processes []string
	for _, entry := range entries {
		if process, is := strings.CutSuffix(entry.Name(), ".log"); is {
			processes = append(processes, process)
		}
	}
	return processes, err
}
