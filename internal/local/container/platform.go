package container

import (
	"context"
	"io"
	"os/exec"

	"dozen/internal/assembly"
)

// Platform builds images and starts tasks.
type Platform interface {
	// String names the platform for a person: "podman" or "processes".
	String() string
	// Build makes what Start runs. It is quick when nothing has changed.
	Build(ctx context.Context, source Source, out io.Writer) (Program, error)
	// Start starts one task; out gets its output, line by line or in larger pieces.
	Start(program Program, spec Spec, out io.Writer) (*Task, error)
	// Command is the task as a command that uses the caller's terminal, not yet started, for one-off commands.
	Command(program Program, spec Spec, interactive bool) *exec.Cmd
	// NotEnforced lists what a task definition asks for and the platform does not do.
	NotEnforced(spec Spec) []string
	// Clean ends what an earlier run has left behind.
	Clean(ctx context.Context) error
}

// Source is an image that is to be built.
type Source struct {
	assembly.Image
	Path     string   // of the build's context on this machine
	Commands []string // the first words of the commands that run in it
}

// Program is a built image: a reference of the engine, or a directory.
type Program struct {
	Reference string
	// Directory is where processes without an engine start: their binaries, or the app's own files. Empty with an engine.
	Directory string
}

// Spec is a task to start.
type Spec struct {
	Name        string // unique among the running ones, such as web-3
	Container   assembly.Container
	MemoryMiB   int
	Environment map[string]string // all of it; Container.Environment is not looked at
	Command     []string          // instead of the container's, for one-off commands
	Mounts      []string          // files of this machine that the task reads, under the same path
}

// command is the words that run.
func (s Spec) command() []string {
	if len(s.Command) > 0 {
		return append(append([]string{}, s.Container.EntryPoint...), s.Command...)
	}
	return append(append([]string{}, s.Container.EntryPoint...), s.Container.Command...)
}
