package container

import (
	"context"
	"io"
	"os/exec"

	"dozen/internal/assembly"
)

// Runtime builds images and starts tasks.
type Runtime interface {
	// String is the runtime's name for people: "podman" or "processes".
	String() string
	// Build builds what Start runs. It is quick when nothing has changed.
	Build(ctx context.Context, source Source, out io.Writer) (Program, error)
	// Start starts one task and copies its output to out, in lines or in larger pieces.
	Start(program Program, spec Spec, out io.Writer) (*Task, error)
	// Command returns the task as a command that is not started yet, for one-off commands that use the caller's
	// terminal.
	Command(program Program, spec Spec, interactive bool) *exec.Cmd
	// NotEnforced lists what a task definition asks for and this runtime does not enforce.
	NotEnforced(spec Spec) []string
	// Clean ends the tasks that an earlier run left behind.
	Clean(ctx context.Context) error
}

// Source is what an image is built from.
type Source struct {
	assembly.Image
	Path     string   // of the build context on this machine
	Commands []string // the programs that its tasks start: the first word of each command
	Modules  string   // absolute path of the node_modules in the checkout, which need not exist
}

// Program is a built image.
type Program struct {
	Reference string // the image's name for the engine
	Directory string // where processes start, with the compiled binaries or the app's own files; empty with an engine
}

// Spec describes a task to start.
type Spec struct {
	Name      string // unique among the running tasks, such as web-3
	Container assembly.Container
	MemoryMiB int
	Limit     string            // the setting of MemoryMiB, such as Web.MemoryMiB
	Variables map[string]string // all of them; Container.Environment is ignored
	Command   []string          // replaces the container's command, for one-off commands
	Mounts    []string          // files of this machine that the task reads under the same path
}

// command returns the entry point and the command with its arguments.
func (s Spec) command() []string {
	if len(s.Command) > 0 {
		return append(append([]string{}, s.Container.EntryPoint...), s.Command...)
	}
	return append(append([]string{}, s.Container.EntryPoint...), s.Container.Command...)
}
