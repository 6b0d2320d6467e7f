package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Engine is the runtime that runs containers, with docker, podman or another command that takes the same arguments.
type Engine struct {
	command []string // such as ["docker"]
	label   string   // marks the containers of one environment
}

// engineTimeout limits the engine's short commands.
const engineTimeout = 20 * time.Second

// FindEngine tries the wanted command, or docker and podman if it is empty, and returns nil if no engine answers. The
// label marks the containers of one environment, so that Clean finds them.
func FindEngine(ctx context.Context, wanted, label string) *Engine {
	candidates := [][]string{{"docker"}, {"podman"}}
	if words := strings.Fields(wanted); len(words) > 0 {
		candidates = [][]string{words}
	}
	for _, words := range candidates {
		e := &Engine{command: words, label: "dozen.environment=" + label}
		if _, err := e.output(ctx, "info"); err == nil {
			return e
		}
	}
	return nil
}

func (e *Engine) String() string { return strings.Join(e.command, " ") }

// Build builds the image for this machine's architecture and not for the assembly's, which would run in emulation.
func (e *Engine) Build(ctx context.Context, source Source, out io.Writer) (Program, error) {
	program := Program{Reference: "dozen-local:" + source.Hash}
	if _, err := e.output(ctx, "image", "inspect", program.Reference); err == nil {
		return program, nil
	}
	args := []string{
		"build", "--tag", program.Reference,
		"--platform", "linux/" + runtime.GOARCH,
		"--file", source.Path + "/" + source.Dockerfile,
	}
	for _, name := range slices.Sorted(maps.Keys(source.BuildArgs)) {
		args = append(args, "--build-arg", name+"="+source.BuildArgs[name])
	}
	if source.Target != "" {
		args = append(args, "--target", source.Target)
	}
	build := e.cmd(ctx, append(args, source.Path)...)
	build.Stdout, build.Stderr = out, out
	if err := build.Run(); err != nil {
		return Program{}, fmt.Errorf("%s build: %w", e, err)
	}
	return program, nil
}

// Start runs a container in the foreground of the engine's command, which passes signals on to it.
func (e *Engine) Start(program Program, spec Spec, out io.Writer) (*Task, error) {
	cmd := e.Command(program, spec, false)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = ownGroup()
	name := e.containerName(spec)
	kill := func() {
		_, _ = e.output(context.Background(), "kill", "--signal", "KILL", name)
		_ = cmd.Process.Kill()
	}
	t, err := start(cmd, spec.Container.StopTimeout, kill, func() {})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", spec.Name, err)
	}
	t.limitMiB, t.limit = spec.MemoryMiB, spec.Limit
	t.explain = func(code int) string { return e.explain(program, spec, code) }
	return t, nil
}

// Command returns the engine's command for a task, not started yet. The values of variables are passed in its
// environment and not in its arguments, which every user of the machine can read.
func (e *Engine) Command(program Program, spec Spec, interactive bool) *exec.Cmd {
	names := slices.Sorted(maps.Keys(spec.Variables))
	args := e.runArguments(spec, interactive)
	for _, name := range names {
		args = append(args, "--env", name)
	}
	c := spec.Container
	if len(c.EntryPoint) > 0 {
		args = append(args, "--entrypoint", c.EntryPoint[0])
	}
	args = append(append(args, program.Reference), spec.command()[min(len(c.EntryPoint), 1):]...)
	cmd := e.cmd(context.Background(), args...)
	cmd.Env = os.Environ()
	for _, name := range names {
		cmd.Env = append(cmd.Env, name+"="+spec.Variables[name])
	}
	return cmd
}

// runArguments are the arguments of the engine's run command up to the variables.
func (e *Engine) runArguments(spec Spec, interactive bool) []string {
	c := spec.Container
	args := []string{
		"run", "--rm", "--name", e.containerName(spec), "--label", e.label, "--network", "host",
		"--stop-timeout", strconv.Itoa(int(c.StopTimeout.Seconds())),
	}
	if interactive {
		args = append(args, "--interactive")
	}
	if c.Init {
		args = append(args, "--init")
	}
	if c.ReadonlyRoot {
		args = append(args, "--read-only")
	}
	if c.User != "" {
		args = append(args, "--user", c.User)
	}
	if spec.MemoryMiB > 0 {
		args = append(args, "--memory", fmt.Sprintf("%dm", spec.MemoryMiB))
	}
	if c.OpenFiles > 0 {
		args = append(args, "--ulimit", fmt.Sprintf("nofile=%d:%d", c.OpenFiles, c.OpenFiles))
	}
	for _, capability := range c.Drop {
		args = append(args, "--cap-drop", capability)
	}
	for _, path := range c.Writable {
		args = append(args, "--volume", path)
	}
	for _, path := range spec.Mounts {
		args = append(args, "--volume", path+":"+path+":ro")
	}
	return args
}

// NotEnforced returns nothing: an engine enforces all of it.
func (*Engine) NotEnforced(Spec) []string { return nil }

// Clean removes the containers that an earlier run left behind.
func (e *Engine) Clean(ctx context.Context) error {
	ids, err := e.output(ctx, "ps", "--all", "--quiet", "--filter", "label="+e.label)
	if err != nil {
		return err
	}
	left := strings.Fields(ids)
	if len(left) == 0 {
		return nil
	}
	_, err = e.output(ctx, append([]string{"rm", "--force", "--volumes"}, left...)...)
	return err
}

func (e *Engine) containerName(spec Spec) string {
	return strings.ReplaceAll(strings.TrimPrefix(e.label, "dozen.environment="), "/", "-") + "-" + spec.Name
}

func (e *Engine) cmd(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, e.command[0], append(slices.Clone(e.command[1:]), args...)...)
}

// output runs a short command of the engine and returns what it prints.
func (e *Engine) output(ctx context.Context, args ...string) (string, error) {
	ctx, done := context.WithTimeout(ctx, engineTimeout)
	defer done()
	cmd := e.cmd(ctx, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%s %s: %w: %s", e, args[0], err, strings.TrimSpace(string(failed.Stderr)))
	}
	return string(out), err
}
