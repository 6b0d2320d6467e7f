package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Processes is the runtime without a container engine: it runs plain processes.
type Processes struct {
	programs string // directory of the built programs
	ledger   ledger
}

// NewProcesses returns a runtime that keeps its programs and its ledger in a directory.
func NewProcesses(directory string) *Processes {
	return &Processes{programs: filepath.Join(directory, "programs"), ledger: ledger{filepath.Join(directory, "tasks")}}
}

func (*Processes) String() string { return "processes" }

// Build compiles an app in Go. Any other app runs from a copy of its image's files, with the interpreters that this machine
// has installed, and with the node_modules that are installed in the checkout.
func (p *Processes) Build(ctx context.Context, source Source, out io.Writer) (Program, error) {
	program := Program{Reference: source.Hash, Directory: filepath.Join(p.programs, source.Hash)}
	if _, err := os.Stat(program.Directory); err == nil {
		return program, link(source.Modules, program.Directory)
	}
	if err := os.MkdirAll(p.programs, 0o755); err != nil {
		return Program{}, err
	}
	// Build in a temporary directory and move it when it is complete, so that an interrupted build does not look
	// finished.
	building, err := os.MkdirTemp(p.programs, "building-")
	if err != nil {
		return Program{}, err
	}
	defer func() { _ = os.RemoveAll(building) }()
	files := filepath.Join(building, "files")
	if _, err := os.Stat(filepath.Join(source.Path, "go.mod")); err == nil {
		err = compile(ctx, source, files, out)
		if err != nil {
			return Program{}, err
		}
	} else if err := os.CopyFS(files, os.DirFS(source.Path)); err != nil {
		return Program{}, fmt.Errorf("copy the image's files: %w", err)
	}
	if err := os.Rename(files, program.Directory); err != nil {
		return Program{}, err
	}
	return program, link(source.Modules, program.Directory)
}

// link makes the checkout's node_modules, if there are any, those of a program: they are not part of its image's files.
func link(modules, directory string) error {
	if _, err := os.Stat(modules); err != nil {
		return nil
	}
	err := os.Symlink(modules, filepath.Join(directory, "node_modules"))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// compile builds the module's main package once under each name that a command uses for it.
func compile(ctx context.Context, source Source, files string, out io.Writer) error {
	for _, name := range source.Commands {
		program := filepath.Join(files, filepath.Base(name))
		if filepath.IsLocal(name) {
			program = filepath.Join(files, name) // such as bin/app
		}
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, ".")
		build.Dir = source.Path
		build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
		build.Stdout, build.Stderr = out, out
		if err := build.Run(); err != nil {
			return fmt.Errorf("go build of the image's files: %w", err)
		}
	}
	return nil
}

// Start starts a process in its own group, so that Ctrl-C in the terminal reaches it only through Stop.
func (p *Processes) Start(program Program, spec Spec, out io.Writer) (*Task, error) {
	words := spec.command()
	if len(words) == 0 {
		return nil, fmt.Errorf("%s: the task definition has no command", spec.Name)
	}
	cmd := p.Command(program, spec, false)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = ownGroup()
	kill := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	t, err := start(cmd, spec.Container.StopTimeout, kill, func() {
		kill() // the end of a container ends what is left in it, such as the program of a shell that SIGTERM has ended
		p.ledger.remove(cmd.Process.Pid)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w; %s, or start docker or podman", spec.Name, err, program.install())
	}
	p.ledger.add(cmd.Process.Pid)
	return t, nil
}

// Command returns a task's process, not started yet, for one-off commands that use the caller's terminal.
func (p *Processes) Command(program Program, spec Spec, _ bool) *exec.Cmd {
	words := spec.command()
	path := filepath.Join(program.Directory, words[0])
	if _, err := os.Stat(path); err != nil {
		if path, err = exec.LookPath(words[0]); err != nil {
			path = words[0]
		}
	}
	cmd := exec.Command(path, words[1:]...)
	cmd.Args[0] = words[0]
	cmd.Dir = program.Directory
	cmd.Env = []string{"PATH=" + program.Directory + ":" + os.Getenv("PATH")}
	for name, value := range spec.Variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// NotEnforced lists what only a container engine enforces.
func (*Processes) NotEnforced(spec Spec) []string {
	var missing []string
	c := spec.Container
	if c.User != "" {
		missing = append(missing, "user "+c.User)
	}
	if c.ReadonlyRoot {
		missing = append(missing, "read-only root file system")
	}
	if spec.MemoryMiB > 0 {
		missing = append(missing, fmt.Sprintf("memory limit %d MiB", spec.MemoryMiB))
	}
	if len(c.Drop) > 0 {
		missing = append(missing, "dropped capabilities "+strings.Join(c.Drop, ", "))
	}
	return missing
}

// Clean kills the processes that an earlier run left behind.
func (p *Processes) Clean(context.Context) error { return p.ledger.clean() }
