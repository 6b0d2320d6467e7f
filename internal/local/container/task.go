package container

import (
	"errors"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// outputGrace is how long a task's output is read after its end, for children that still hold it.
const outputGrace = time.Second

// Task is a started task.
type Task struct {
	Started time.Time

	cmd         *exec.Cmd
	stopTimeout time.Duration
	kill        func() // ends it at once, with everything that it has started
	stop        sync.Once
	done        chan struct{}
	exit        error
}

// start runs a command as a task. Ended is called once after its end.
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

// Stop asks the task to end with SIGTERM, and kills it when its stop timeout is over. It returns at once; Done tells the end.
func (t *Task) Stop() {
	t.stop.Do(func() {
		_ = t.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		go func() {
			select {
			case <-t.done:
			case <-time.After(t.stopTimeout):
				t.kill()
			}
		}()
	})
}

// Kill ends the task at once, as a crash would.
func (t *Task) Kill() { t.kill() }

// Done is closed when the task has ended.
func (t *Task) Done() <-chan struct{} { return t.done }

// Exit gives the exit code of a task that has ended, and what the code alone does not say. The code of a task that a signal has
// ended is 128 and the signal's number, as ECS reports it.
func (t *Task) Exit() (code int, reason string) {
	<-t.done
	var failed *exec.ExitError
	switch {
	case t.exit == nil || errors.Is(t.exit, exec.ErrWaitDelay):
		return 0, ""
	case errors.As(t.exit, &failed):
		if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), status.Signal().String()
		}
		return failed.ExitCode(), ""
	}
	return 1, t.exit.Error()
}

// PID is the process on this machine: the task's own, or the engine's command that stands for it.
func (t *Task) PID() int { return t.cmd.Process.Pid }
