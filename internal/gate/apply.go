package gate

import "time"

// Apply takes in the result of an action.
func (s *State) Apply(action Action, result Result, now time.Time) {
	if fault := result.Fault; fault != nil && fault.Settling {
		result.Fault = &Fault{Message: fault.Message, Lasting: now.Sub(s.Since) >= settlePatience}
	}
	switch action.Verb {
	case CheckStack:
		s.afterAsking(result, now)
	case StartSnapshot:
		s.afterSnapshot(result, now)
	case CheckSnapshot:
		s.afterCopying(result, now)
	case StartTask:
		s.afterStarting(result, now)
	case FindTask:
		s.afterFinding(result, now)
	case CheckTask:
		s.afterWatching(result, now)
	case StopTask:
		s.afterStopping(result, now)
	case ReadLog:
		s.afterReading(result, now)
	case PutAnswer:
		if result.Fault == nil || result.Fault.Lasting {
			s.afterAnswering(now)
			return
		}
		s.pause(now, longPause)
	case ListSnapshots:
		s.deleteNext(s.Settings.surplus(result.Snapshots), now)
	case DeleteSnapshot:
		s.deleteNext(s.Surplus[1:], now)
	case HandOver:
		// If this failed, the handler returns an error in the end, and Lambda delivers the event again.
		s.handedOver = result.Fault == nil
	}
}

func (s *State) afterSnapshot(result Result, now time.Time) {
	switch fault := result.Fault; {
	case fault == nil:
		s.enter(copying, now)
	case fault.Lasting:
		s.fail(now,
			"the database snapshot could not be taken, so no migration was started: "+fault.Message,
			remedyFor(fault.Message, snapshotRemedy))
	default:
		s.LastFault = fault.Message
		s.pause(now, capacityPause)
	}
}

func (s *State) afterCopying(result Result, now time.Time) {
	switch fault := result.Fault; {
	case fault != nil && fault.Lasting:
		s.fail(now,
			"the status of the database snapshot "+s.Snapshot+" cannot be read, so no migration was started: "+
				fault.Message,
			remedyFor(fault.Message, snapshotRemedy))
	case fault != nil:
		s.LastFault = fault.Message
		s.pause(now, longPause)
	case result.Status == "available":
		s.enter(starting, now)
	case result.Status == "failed":
		s.fail(now,
			"the database snapshot "+s.Snapshot+" failed, so no migration was started",
			"read the database's events in RDS, then "+deployAgain)
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
		s.pause(now, longPause) // ECS lists a task some moments after it was started
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
		return &Verdict{
			Problem: "the deadline passed before the migration task was started",
			Remedy:  "raise the migration's deadline, or " + deployAgain,
		}
	}
	return &Verdict{
		Problem: "the migration task could not be started: " + fault,
		Remedy:  remedyFor(fault, startRemedy),
	}
}

func (s *State) afterWatching(result Result, now time.Time) {
	switch {
	case result.Fault != nil && result.Fault.Lasting:
		s.fail(now,
			"the migration task's status cannot be read: "+result.Fault.Message,
			remedyFor(result.Fault.Message, startRemedy))
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
		Problem: "the migration task has vanished from ECS, so its exit code is unknown",
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

// judgeLate ends a request whose task was stopped. A migration that came to its own end at the last moment counts;
// a migration that exits with 0 because of SIGTERM does not.
func (s *State) judgeLate(task *Task, now time.Time) {
	problem := deadlineProblem(s.Settings.Deadline)
	if task == nil {
		s.conclude(Verdict{
			Problem: problem + "; its task was told to stop and is still running",
			Remedy:  deadlineRemedy,
		}, now)
		return
	}
	verdict := judge(*task, s.Settings.Container)
	if !verdict.Success {
		verdict = Verdict{Problem: problem + " and was stopped: " + verdict.Problem, Remedy: deadlineRemedy}
	}
	s.conclude(verdict, now)
}

// conclude ends the watching. If the migration failed, its log is read before the answer.
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
