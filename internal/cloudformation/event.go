package cloudformation

import "fmt"

// Event is the beginning or the end of what happens to one resource. A history injects its faults into events: at the
// beginning nothing has happened, at the end the resource is there and does not work.
type Event struct {
	Number                int // in its command, from 1
	Phase                 Phase
	Stack, Resource, Type string // Resource is a logical id
	Action                Action
	End                   bool
}

// Phase is what CloudFormation is doing with a stack. A clean-up follows a successful update, another one its rollback.
type Phase string

// Action is what happens to a resource: create, update, replace or delete.
type Action string

// The phases.
const (
	Creating    Phase = "creating"
	Updating    Phase = "updating"
	CleaningUp  Phase = "cleaning up"
	RollingBack Phase = "rolling back"
	Undoing     Phase = "cleaning up after the rollback"
	Deleting    Phase = "deleting"
)

// String returns the event as a line of a history.
func (e Event) String() string {
	return fmt.Sprintf("%4d %s, %s: %s %s (%s), end: %t", e.Number, e.Stack, e.Phase, e.Action, e.Resource, e.Type, e.End)
}

// record notes an event and returns the error that the history injects there.
func (c *change) record(t *task, end bool) error {
	c.command.events++
	e := Event{c.command.events, c.phase, c.stack.name, t.node.ID, t.node.Type, t.action, end}
	c.events = append(c.events, e)
	if fault := c.command.options.Fault; fault != nil && fault(e) {
		c.command.struck = append(c.command.struck, e)
		return fmt.Errorf("a fault was injected: %s", e)
	}
	return nil
}

// Struck returns the events of the last command at which a fault was injected.
func (a *Account) Struck() []Event { return a.command.struck }
