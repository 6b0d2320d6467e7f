package gate

import "time"

// Apply takes in what came of an action.
func (s *State) Apply(action Action, result Result, now time.Time) {
	if fault := result.Fault; fault != nil && fault.Settling {
		result.Fault = &Fault{Message: fault.Message, Lasting: now.Sub(s.Since) >= settlePatience}
	}
	switch action.Verb {
	case AskStack:
		s.afterAsking(result, now)
	case StartSnapshot:
		s.afterSnapshot(result, now)
	case LookSnapshot:
		s.afterCopying(result, now)
	case StartTask:
		s.afterStarting(result, now)
	case FindTask:
		s.afterFinding(result, now)
	case LookTask:
		s.afterLooking(result, now)
	case StopTask:
		s.afterStopping(result, now)
	case ReadLog:
		s.afterReading(result, now)
	case PutAnswer:
		if result.Fault == nil || result.Fault.Lasting {
			s.enter(done, now)
			return
		}
		s.pause(now, longPause)
	case HandOver:
		// A fault here ends in the error with which the handler ends, and Lambda delivers the event again.
		s.handedOver = result.Fault == nil
	}
}

func (s *State) afterAsking(result Result, now time.Time) {
	if result.Fault != nil && !result.Fault.Lasting && s.Tries < askTries && now.Sub(s.Deadline) < Margin/2 {
		s.pause(now, longPause)
		return
	}
	status := result.Status
	if result.Fault != nil {
		status = ""
	}
	s.decide(status, now)
}

// decide is the table in doc.go.
func (s *State) decide(status string, now time.Time) {
	stands, leads := standingOf(status), s.Event.courseOf()
	if s.Event.RequestType == Update {
		if stands == rollingBack && leads == newer {
			stands = superseded
		}
		if stands == rollingBack || stands == unknown && leads == backwards {
			s.Verdict = &Verdict{Success: true, Problem: "a rollback: this release has migrated before, and nothing migrates down"}
			s.enter(answering, now)
			return
		}
	}
	switch {
	case s.Invalid != "":
		s.fail(now, s.Invalid, "correct the gate's properties in the template.")
	case stands == superseded:
		s.fail(now, "the request came too late: its stack is in "+status, deployAgain)
	case s.late(now):
		s.enter(finding, now)
	case s.Settings.SnapshotDatabase != "":
		s.Snapshot = snapshotName(s.Settings.Release, s.Event.Token())
		s.enter(snapshotting, now)
	default:
		s.enter(starting, now)
	}
}

func (s *State) afterSnapshot(result Result, now time.Time) {
	switch fault := result.Fault; {
	case fault == nil:
		s.enter(copying, now)
	case fault.Lasting:
		s.fail(now, "the database snapshot could not be taken; no migration was started: "+fault.Message, remedyFor(fault.Message, snapshotRemedy))
	default:
		s.LastFault = fault.Message
		s.pause(now, capacityPause)
	}
}

func (s *State) afterCopying(result Result, now time.Time) {
	switch fault := result.Fault; {
	case fault != nil && fault.Lasting:
		s.fail(now, "the database snapshot "+s.Snapshot+" cannot be seen; no migration was started: "+fault.Message, remedyFor(fault.Message, snapshotRemedy))
	case fault != nil:
		s.LastFault = fault.Message
		s.pause(now, longPause)
	case result.Status == "available":
		s.enter(starting, now)
	case result.Status == "failed":
		s.fail(now, "the database snapshot "+s.Snapshot+" failed; no migration was started", "look at the database's events, then "+deployAgain)
	default:
		s.pause(now, longPause)
	}
}

func (s *State) afterStarting(result Result, now time.Time) {
	switch fault := result.Fault; {
	case fault == nil:
		s.TaskARN = result.TaskARN
		s.enter(watching, now)
	case fault.Lasting:
		s.fail(now, "the migration task could not be started: "+fault.Message, remedyFor(fault.Message, startRemedy))
	default:
		s.LastFault = fault.Message
		s.pause(now, capacityPause)
	}
}

func (s *State) afterFinding(result Result, now time.Time) {
	switch {
	case result.Fault == nil && result.TaskARN != "":
		s.TaskARN = result.TaskARN
		if s.Verdict != nil {
			s.giveUp(now)
			return
		}
		s.enter(watching, now) // and from there to stopping, if the deadline has passed
	case result.Fault == nil && s.Tries < findTries:
		s.pause(now, longPause) // a task is listed some moments after it was started
	case result.Fault != nil && !result.Fault.Lasting && now.Sub(s.Since) < stopPatience:
		s.pause(now, longPause)
	default:
		if s.Verdict == nil {
			s.Verdict = notStarted(s.LastFault)
		}
		s.enter(answering, now)
	}
}

func notStarted(fault string) *Verdict {
	if fault == "" {
		return &Verdict{Problem: "the deadline passed before the migration task was started", Remedy: "raise the migration's deadline, or " + deployAgain}
	}
	return &Verdict{Problem: "the migration task could not be started: " + fault, Remedy: remedyFor(fault, startRemedy)}
}

func (s *State) afterLooking(result Result, now time.Time) {
	switch {
	case result.Fault != nil && result.Fault.Lasting:
		s.fail(now, "the migration task cannot be seen: "+result.Fault.Message, remedyFor(result.Fault.Message, startRemedy))
	case result.Fault != nil:
		s.pause(now, longPause)
	case result.Task == nil:
		s.lostSight(now)
	case !result.Task.Stopped():
		s.LostSight = nil
		s.pause(now, longPause)
	case s.Phase == ending:
		s.judgeLate(result.Task, now)
	default:
		s.conclude(judge(*result.Task, s.Settings.Container), now)
	}
}

// lostSight is patient: right after RunTask, ECS may not know its own task for some seconds.
func (s *State) lostSight(now time.Time) {
	if s.LostSight == nil {
		s.LostSight = &now
	}
	if now.Sub(*s.LostSight) <= sightPatience {
		s.pause(now, longPause)
		return
	}
	s.conclude(Verdict{
		Problem: "the migration task has vanished from ECS, so its exit code cannot be known",
		Remedy:  "read its log; if the migration is complete, or has not begun, " + deployAgain,
	}, now)
}

func (s *State) afterStopping(result Result, now time.Time) {
	if result.Fault != nil && !result.Fault.Lasting && now.Sub(s.Since) < stopPatience {
		s.pause(now, longPause)
		return
	}
	if s.Verdict != nil {
		s.enter(answering, now)
		return
	}
	since := s.Since
	s.enter(ending, now)
	s.Since = since
}

// judgeLate ends a request whose task was stopped. A migration that came to its own end in the last moment counts;
// one that ends with 0 because SIGTERM asked it to does not.
func (s *State) judgeLate(task *Task, now time.Time) {
	problem := fmtDeadline(s.Settings.Deadline)
	if task == nil {
		s.conclude(Verdict{Problem: problem + "; it was told to stop and has not yet", Remedy: deadlineRemedy}, now)
		return
	}
	verdict := judge(*task, s.Settings.Container)
	if !verdict.Success {
		verdict = Verdict{Problem: problem + " and it was stopped: " + verdict.Problem, Remedy: deadlineRemedy}
	}
	s.conclude(verdict, now)
}

// conclude ends the watching. A failed migration's log is read first.
func (s *State) conclude(verdict Verdict, now time.Time) {
	s.Verdict = &verdict
	if verdict.Success {
		s.enter(answering, now)
		return
	}
	s.enter(reading, now)
}

// afterReading waits a little for lines: the log driver delivers them some seconds after the container's end.
func (s *State) afterReading(result Result, now time.Time) {
	if len(result.Lines) == 0 && s.Tries+1 < logTries && now.Sub(s.Deadline) < stopPatience {
		s.Tries++
		s.Wake = now.Add(logPause)
		return
	}
	s.Lines = lastLines(result.Lines)
	s.enter(answering, now)
}
