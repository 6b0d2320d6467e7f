package container

import (
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// outputGrace is how long a task's output is still read after its end, because its children may hold it open.
const outputGrace = time.Second

// killed is the exit code of a container that was killed.
const killed = 128 + int(syscall.SIGKILL)

// Task is a task that was started.
type Task struct {
	Started time.Time

	cmd         *exec.Cmd
	stopTimeout time.Duration
	kill        func()                // kills it and its children
	limitMiB    int                   // of its memory, if the runtime enforces it
	limit       string                // the setting of it
	explain     func(code int) string // what the runtime knows of an exit code; "" if nothing
	stop        sync.Once
	ours        atomic.Bool // it was asked to stop, or killed by us
	done        chan struct{}
	exit        error
}

// start runs a command as a task, and calls ended once when it has ended.
func start(cmd *exec.Cmd, stopTimeout time.Duration, kill, ended func()) (*Task, error) {
	cmd.WaitDelay = outputGrace
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &Task{Started: time.Now(), cmd: cmd, stopTimeout: stopTimeout, kill: kill, done: make(chan struct{})}
	go func() {
		t.exit = cmd.Wait()
		ended()
		close(t.done)
	}()
	return t, nil
}

// Stop sends SIGTERM, and kills the task after its stop timeout. It returns at once; Done is closed when the task has
// ended.
func (t *Task) Stop() {
	t.ours.Store(true)
	t.stop.Do(func() {
		_ = t.cmd.Process.Signal(syscall.SIGTERM) // which fails if the task has ended by itself
		go func() {
			select {
			case <-t.done:
			case <-time.After(t.stopTimeout):
				t.kill()
			}
		}()
	})
}

// Kill kills the task at once, as a crash would.
func (t *Task) Kill() {
	t.ours.Store(true)
	t.kill()
}

// Done is closed when the task has ended.
func (t *Task) Done() <-chan struct{} { return t.done }

// Exit waits for the end of the task and returns its exit code. The reason has what the code alone does not say. If a
// signal ended the task, the code is 128 plus the signal's number, as ECS reports it.
func (t *Task) Exit() (code int, reason string) {
	<-t.done
	var failed *exec.ExitError
	switch {
	case t.exit == nil || errors.Is(t.exit, exec.ErrWaitDelay):
		return 0, ""
	case errors.As(t.exit, &failed):
		if failed.ExitCode() == killed && t.limitMiB > 0 && !t.ours.Load() {
			return killed, fmt.Sprintf("killed: the limit is %d MiB (%s)", t.limitMiB, t.limit)
		}
		if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), status.Signal().String()
		}
		return failed.ExitCode(), t.explained(failed.ExitCode())
	}
	return 1, t.exit.Error()
}

func (t *Task) explained(code int) string {
	if t.explain == nil || t.ours.Load() {
		return ""
	}
	return t.explain(code)
}

// PID is the id of the task's process on this machine; with an engine, of the engine's command.
func (t *Task) PID() int { return t.cmd.Process.Pid }
