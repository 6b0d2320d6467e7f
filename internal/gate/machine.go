package gate

import (
	"fmt"
	"time"
)

// How long the gate waits. Everything after the deadline must fit into Margin, together with the two deliveries by
// which Lambda replaces handlers that die (after one minute and after two).
const (
	startPatience  = 5 * time.Minute  // RunTask finds no capacity, or does not answer
	settlePatience = time.Minute      // a new role's permissions are not known everywhere yet
	sightPatience  = 2 * time.Minute  // ECS does not know a task that it has started
	stopPatience   = 45 * time.Second // to find and stop a task: SIGTERM, the stop timeout, SIGKILL
	shortPause     = 250 * time.Millisecond
	longPause      = 3 * time.Second
	capacityPause  = 15 * time.Second
	logPause       = 2 * time.Second

	askTries  = 5
	findTries = 3
	logTries  = 3
	// maxHops stays well below the 16 invocations in a row at which Lambda stops a function as a runaway loop. With
	// invocations of 15 minutes, an hour needs five.
	maxHops = 10
)

// Next returns what to do now. The invocation may work until the time given; shortly after it the handler dies.
func (s *State) Next(now, until time.Time) Action {
	if s.Finished() {
		return Action{Verb: Finish}
	}
	s.applyTime(now, until)
	if s.Finished() {
		return Action{Verb: Finish}
	}
	if !now.Before(until) {
		return Action{Verb: HandOver, State: s.forNextInvocation()}
	}
	if now.Before(s.Wake) {
		return Action{Verb: Wait, Until: earlier(s.Wake, until)}
	}
	action := Action{Event: s.Event, Settings: s.Settings, Snapshot: s.Snapshot, TaskARN: s.TaskARN}
	switch s.Phase {
	case asking:
		action.Verb = CheckStack
	case snapshotting:
		action.Verb = StartSnapshot
	case copying:
		action.Verb = CheckSnapshot
	case starting:
		action.Verb = StartTask
	case finding:
		action.Verb = FindTask
	case watching, ending:
		action.Verb = CheckTask
	case stopping:
		action.Verb = StopTask
		action.Reason = "Stopped by the migration gate: " + s.stopCause()
	case reading:
		action.Verb = ReadLog
	case answering:
		action.Verb = PutAnswer
		action.Answer = s.answer()
	case listing:
		action.Verb = ListSnapshots
	case deleting:
		action.Verb = DeleteSnapshot
		action.Snapshot = s.Surplus[0]
	}
	return action
}

// applyTime makes the transitions that only need time to pass.
func (s *State) applyTime(now, until time.Time) {
	if !now.Before(until) && s.Hops >= maxHops && s.Verdict == nil {
		s.fail(now,
			fmt.Sprintf("the gate's function has run out of time in %d invocations", s.Hops+1),
			"set the function's timeout to 900 seconds.")
		return
	}
	switch s.Phase {
	case snapshotting, copying:
		if s.pastDeadline(now) {
			s.fail(now,
				"the deadline passed before the database snapshot "+s.Snapshot+" was complete, "+
					"so no migration was started"+because(s.LastFault),
				"raise the migration's deadline, or turn Migration.SnapshotFirst off and take the snapshot beforehand.")
		}
	case starting:
		// Only ECS knows whether an earlier call, or a handler that died, has started a task. That task must not
		// run on unseen, and no other may be started any more.
		if s.pastDeadline(now) || now.Sub(s.Since) > startPatience {
			fault := s.LastFault
			s.enter(finding, now)
			s.LastFault = fault
		}
	case watching:
		if s.pastDeadline(now) {
			s.enter(stopping, now)
		}
	case ending:
		if now.Sub(s.Since) > stopPatience {
			s.judgeLate(nil, now)
		}
	case answering:
		if s.Tries > 0 && now.Sub(s.Deadline) > Margin {
			s.enter(done, now) // CloudFormation has stopped waiting
		}
	case listing, deleting:
		if !now.Before(until) {
			s.enter(done, now) // not worth another invocation
		}
	}
}

// forNextInvocation is the state that the next invocation continues with.
func (s *State) forNextInvocation() *State {
	next := *s
	next.Hops++
	return &next
}

// giveUp stops the task, if there is one, and answers with the verdict that has been reached.
func (s *State) giveUp(now time.Time) {
	if s.TaskARN != "" && s.Phase != stopping && s.Phase != ending {
		s.enter(stopping, now)
		return
	}
	s.enter(answering, now)
}

// fail rejects the release. A running task is stopped. If this handler has not started a task, an earlier handler that
// died may have: the gate looks for it, because nobody else would stop it.
func (s *State) fail(now time.Time, problem, remedy string) {
	s.Verdict = &Verdict{Problem: problem, Remedy: remedy}
	if s.TaskARN == "" && s.Invalid == "" {
		s.enter(finding, now)
		return
	}
	s.giveUp(now)
}

func (s *State) stopCause() string {
	if s.Verdict != nil {
		return s.Verdict.Problem
	}
	return fmt.Sprintf("the deadline of %.0f s has passed.", s.Settings.Deadline.Seconds())
}

// pause sets the time of the next try: the pause grows with the tries, up to the longest.
func (s *State) pause(now time.Time, longest time.Duration) {
	pause := shortPause
	for range s.Tries {
		if pause = pause * 3 / 2; pause >= longest {
			pause = longest
			break
		}
	}
	s.Tries++
	s.Wake = now.Add(pause)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func because(fault string) string {
	if fault == "" {
		return ""
	}
	return " (" + fault + ")"
}
