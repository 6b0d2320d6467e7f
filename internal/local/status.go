package local

import (
	"errors"
	"fmt"
	"os/exec"
)

// status returns what is running now.
func (e *environment) status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	status := Status{Environment: e.settings.Environment, URL: e.backing.url(), Runtime: e.runtime.String()}
	if e.current != nil {
		status.Release = e.current.name
	}
	for _, process := range sorted(e.services) {
		for _, t := range e.services[process].Tasks() {
			shown := TaskStatus{
				Name: t.ID, Release: t.Release, State: t.State, Address: t.Address, Started: t.Started, Exit: t.Exit,
			}
			if running := e.tasks[t.ID]; running != nil {
				shown.PID = running.PID()
			}
			status.Tasks = append(status.Tasks, shown)
		}
	}
	return status
}

// oneOff prepares a command as a task with web's configuration.
func (e *environment) oneOff(request oneOff) (*exec.Cmd, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil {
		return nil, errors.New("the first release is still in progress; wait until the environment serves requests")
	}
	if len(request.Command) == 0 {
		return nil, errors.New("the command is empty")
	}
	e.oneOffs++
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	spec := e.current.admin.spec(fmt.Sprintf("run-%d", e.oneOffs), port)
	spec.Command = request.Command
	return e.runtime.Command(e.current.program, spec, true), nil
}
