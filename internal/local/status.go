package local

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
)

// status tells what runs at the moment.
func (e *environment) status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	status := Status{Environment: e.settings.Environment, URL: e.attached.url(), Platform: e.platform.String()}
	if e.current != nil {
		status.Revision = e.current.revision
	}
	for _, process := range slices.Sorted(maps.Keys(e.services)) {
		for _, t := range e.services[process].Tasks() {
			shown := TaskStatus{Name: t.ID, Revision: t.Release, State: t.State, Address: t.Address, Started: t.Started, Exit: t.Exit}
			if running := e.tasks[t.ID]; running != nil {
				shown.PID = running.PID()
			}
			status.Tasks = append(status.Tasks, shown)
		}
	}
	return status
}

// oneOff readies a command as a task with web's configuration.
func (e *environment) oneOff(asked oneOff) (*exec.Cmd, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil {
		return nil, errors.New("the first release is still under way; wait until it serves")
	}
	if len(asked.Command) == 0 {
		return nil, errors.New("no command")
	}
	e.oneOffs++
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	spec := e.current.admin.spec(fmt.Sprintf("run-%d", e.oneOffs), port)
	spec.Command = asked.Command
	return e.platform.Command(e.current.program, spec, true), nil
}
