package local

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Bounds for a task that prints without end: nothing of it may fill the memory or the disk of this machine.
const (
	lastLines   = 20       // of a task's output that are kept for an error message
	longestLine = 64 << 10 // bytes of a line that are printed; the rest is left out
)

// printer writes complete lines to the terminal, each after the task's name in the colour of its process, and to one
// file for each process, which `dozen logs` reads.
type printer struct {
	mu     sync.Mutex
	out    io.Writer
	logs   string // directory
	plain  bool   // no colours
	files  map[string]*logFile
	colour map[string]int
}

func newPrinter(out io.Writer, logs string, plain bool) (*printer, error) {
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, err
	}
	return &printer{out: out, logs: logs, plain: plain, files: map[string]*logFile{}, colour: map[string]int{}}, nil
}

// printf writes a line of our own.
func (p *printer) printf(format string, args ...any) {
	p.line("dozen", "dozen", fmt.Sprintf(format, args...))
}

func (p *printer) line(process, name, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	colour, known := p.colour[process]
	if !known {
		colour = 32 + len(p.colour)%5 // not red, which looks like an error
		p.colour[process] = colour
	}
	if p.plain {
		_, _ = fmt.Fprintf(p.out, "%-12s| %s\n", name, text)
	} else {
		_, _ = fmt.Fprintf(p.out, "\x1b[%dm%-12s|\x1b[0m %s\n", colour, name, text)
	}
	if file := p.file(process); file != nil {
		file.write(fmt.Sprintf("%-12s| %s\n", name, text))
	}
}

// file returns the log file of a process; nil if it cannot be opened.
func (p *printer) file(process string) *logFile {
	if file, open := p.files[process]; open {
		return file
	}
	file, err := openLog(filepath.Join(p.logs, process+".log"))
	if err != nil {
		_, _ = fmt.Fprintf(p.out, "%-12s| cannot write its log: %v\n", process, err)
		file = nil
	}
	p.files[process] = file
	return file
}

func (p *printer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, file := range p.files {
		if file != nil {
			file.close()
		}
	}
}

// lines takes the output of one task.
type lines struct {
	printer       *printer
	process, name string

	mu      sync.Mutex
	rest    []byte // the incomplete last line, up to longestLine
	leaving bool   // whether the rest of a line that was too long is being left out
	last    []string
}

func (p *printer) task(process, name string) *lines {
	return &lines{printer: p, process: process, name: name}
}

// Write prints the complete lines, and keeps the rest for the next call.
func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for left := data; len(left) > 0; {
		line, rest, whole := bytes.Cut(left, []byte("\n"))
		left = rest
		l.extend(line)
		if whole {
			l.end()
		}
	}
	return len(data), nil
}

// extend adds to the incomplete line. A line that is too long is printed at once.
func (l *lines) extend(part []byte) {
	if l.leaving {
		return
	}
	room := longestLine - len(l.rest)
	l.rest = append(l.rest, part[:min(len(part), room)]...)
	if len(part) > room {
		l.add(string(l.rest) + fmt.Sprintf(" ... (the rest is left out: a line may have %d KiB)", longestLine>>10))
		l.rest, l.leaving = l.rest[:0], true
	}
}

// end ends the line.
func (l *lines) end() {
	if !l.leaving {
		l.add(string(l.rest))
	}
	l.rest, l.leaving = l.rest[:0], false
}

func (l *lines) add(line string) {
	l.printer.line(l.process, l.name, line)
	l.last = append(l.last, line)
	if len(l.last) > lastLines {
		l.last = l.last[1:]
	}
}

// tail prints the incomplete last line, and returns the last lines of the output.
func (l *lines) tail() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.end()
	}
	return slices.Clone(l.last)
}
