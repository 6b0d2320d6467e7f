package gate

import (
	"fmt"
	"time"
)

// phase is how far a request has come. The names are part of the payload that one invocation hands to the next.
type phase string

const (
	asking       phase = "asking"       // is this a release, a rollback, or too late?
	snapshotting phase = "snapshotting" // start the database snapshot
	copying      phase = "copying"      // wait for it
	starting     phase = "starting"     // RunTask, until it is known to have worked
	finding      phase = "finding"      // RunTask has not given a task: has it started one nevertheless?
	watching     phase = "watching"     // wait for the task's end
	stopping     phase = "stopping"     // StopTask
	ending       phase = "ending"       // wait for the stopped task's end
	reading      phase = "reading"      // the last log lines
	answering    phase = "answering"    // put the answer
	listing      phase = "listing"      // after the answer: which snapshots are there?
	deleting     phase = "deleting"     // those that are too many
	done         phase = "done"
)

// State is everything known about one request. It is plain data: an invocation that runs out of time hands it to the
// next as JSON, smaller than 64 KB.
type State struct {
	Event    Event
	Settings Settings
	Invalid  string    `json:",omitempty"` // what is wrong with the properties
	Refused  string    `json:",omitempty"` // which changes of lasting settings are not confirmed
	Deadline time.Time // when the task is stopped

	Phase phase
	Since time.Time // when the phase began
	Wake  time.Time // the next call is not made before
	Tries int       // calls in this phase: they make the pauses longer
	Hops  int       // invocations so far, without the first

	Snapshot  string     `json:",omitempty"`
	Surplus   []string   `json:",omitempty"` // snapshots to delete
	TaskARN   string     `json:",omitempty"`
	LostSight *time.Time `json:",omitempty"` // since when ECS has not known the task
	LastFault string     `json:",omitempty"` // why the current phase has not worked yet
	Verdict   *Verdict   `json:",omitempty"`
	Lines     []string   `json:",omitempty"` // the log's end

	handedOver bool
}

// Verdict is how the request ends.
type Verdict struct {
	Success bool
	Problem string // what happened; for a success, why
	Remedy  string // what to do about it; empty for a success
}

// New returns the state of a request that has just arrived.
func New(event Event, now time.Time) *State {
	s := &State{Event: event, Phase: answering, Since: now, Deadline: event.requestedAt(now)}
	if event.RequestType == Delete {
		s.Verdict = &Verdict{Success: true, Problem: "there is nothing to delete: migrations stay applied"}
		return s
	}
	if event.RequestType != Create && event.RequestType != Update {
		s.Verdict = &Verdict{
			Problem: fmt.Sprintf("the request type is %q", event.RequestType),
			Remedy:  "send Create, Update or Delete.",
		}
		return s
	}
	if event.ResourceType == LastingType {
		return s.guardLasting()
	}
	s.Phase = asking
	settings, err := ParseSettings(event.ResourceProperties)
	if err != nil {
		s.Invalid = err.Error()
	}
	s.Settings = settings
	s.Deadline = s.Deadline.Add(max(settings.Deadline, MinDeadline))
	return s
}

// Finished reports whether this invocation has nothing left to do: the request is answered, or the state handed over.
func (s *State) Finished() bool { return s.Phase == done || s.handedOver }

// enter begins a phase.
func (s *State) enter(next phase, now time.Time) {
	s.Phase, s.Since, s.Wake, s.Tries, s.LastFault = next, now, now, 0, ""
}

// pastDeadline reports whether the deadline has passed.
func (s *State) pastDeadline(now time.Time) bool { return !now.Before(s.Deadline) }
