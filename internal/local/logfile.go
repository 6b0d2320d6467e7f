package local

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// longestLog is when a log file is set aside for a new one, in bytes. A process has two files at most.
const longestLog = 16 << 20

// logFile is the log of a process: NAME.log, and before it NAME.log.old.
type logFile struct {
	path string
	file *os.File
	size int64
}

func oldLog(path string) string { return path + ".old" }

// openLog continues a log.
func openLog(path string) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return &logFile{path, file, info.Size()}, nil
}

// write writes a line. Errors are ignored: the terminal shows it too.
func (l *logFile) write(line string) {
	if l.size+int64(len(line)) > longestLog {
		l.setAside()
	}
	n, _ := io.WriteString(l.file, line)
	l.size += int64(n)
}

// setAside begins a new file. If that fails, the log starts over in the same file.
func (l *logFile) setAside() {
	err := os.Rename(l.path, oldLog(l.path))
	if err == nil {
		var next *logFile
		if next, err = openLog(l.path); err == nil {
			_ = l.file.Close()
			*l = *next
		}
	}
	if err != nil {
		_ = l.file.Truncate(0)
		l.size = 0
	}
	n, _ := fmt.Fprintf(l.file, "%-12s| earlier lines are in %s, and lines before those are deleted\n", "dozen",
		filepath.Base(oldLog(l.path)))
	l.size += int64(n)
}

func (l *logFile) close() { _ = l.file.Close() }
