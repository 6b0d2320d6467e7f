package gate_test

import (
	"time"

	"dozen/internal/gate"
)

// taskPlan is what a task will do, drawn before it starts.
type taskPlan struct {
	Fate      string
	Boot, Run time.Duration // how long it takes to start, and then runs
	Stopping  time.Duration // from StopTask to its end
	TrapsTerm bool          // it exits with code 0 after SIGTERM
}

// task is the truth about a task.
type task struct {
	plan      taskPlan
	started   time.Time
	stopAsked time.Time
	request   *request
}

func (s *simulation) planTask(deadline time.Duration) taskPlan {
	plan := taskPlan{
		Fate:      "migrates",
		Boot:      10*time.Second + s.upTo(time.Minute),
		Run:       s.upTo(deadline * 5 / 4),
		Stopping:  s.upTo(2 * time.Minute),
		TrapsTerm: s.chance(0.5),
	}
	if s.chance(0.5) {
		fates := []string{
			"fails", "runs out of memory", "never starts", "hangs",
			"is stopped by a person", "has no exit code", "vanishes", "loses its sidecar",
		}
		plan.Fate = fates[s.rng.IntN(len(fates))]
	}
	return plan
}

// end returns when the task ends, and whether it ends because it was told to stop. The time is zero if it does not end.
func (t *task) end() (at time.Time, stopped bool) {
	if t.plan.Fate != "hangs" {
		at = t.started.Add(t.plan.Boot + t.plan.Run)
		if t.stopAsked.IsZero() || at.Before(t.stopAsked) {
			return at, false
		}
	}
	if t.stopAsked.IsZero() {
		return time.Time{}, false
	}
	return t.stopAsked.Add(t.plan.Stopping), true
}

// migrated reports the truth: whether the migration has run to its end.
func (t *task) migrated(now time.Time) bool {
	at, stopped := t.end()
	return t.plan.Fate == "migrates" && !stopped && !at.After(now)
}

// describe returns what ECS says about the task, nil if it does not know the task.
func (t *task) describe(now time.Time, young bool) *gate.Task {
	if young || t.plan.Fate == "vanishes" && now.Sub(t.started) > t.plan.Boot {
		return nil
	}
	at, stopped := t.end()
	if at.IsZero() || now.Before(at) {
		return &gate.Task{LastStatus: "RUNNING", Containers: []gate.Container{{Name: "release"}}}
	}
	exit := func(code int) *int { return &code }
	d := &gate.Task{LastStatus: "STOPPED", StopCode: "EssentialContainerExited", StoppedReason: "Essential container in task exited"}
	c := gate.Container{Name: "release", ExitCode: exit(0)}
	switch {
	case stopped:
		d.StopCode = "UserInitiated"
		if !t.plan.TrapsTerm {
			c.ExitCode = exit(143)
		}
	case t.plan.Fate == "fails":
		c.ExitCode = exit(1)
	case t.plan.Fate == "runs out of memory":
		c.ExitCode, c.Reason = exit(137), "OutOfMemoryError: Container killed due to memory usage"
	case t.plan.Fate == "never starts":
		d.StopCode, c.ExitCode = "TaskFailedToStart", nil
	case t.plan.Fate == "has no exit code":
		c.ExitCode = nil
	case t.plan.Fate == "is stopped by a person":
		d.StopCode = "UserInitiated"
	case t.plan.Fate == "loses its sidecar":
		d.Containers = append(d.Containers, gate.Container{Name: "log_router", ExitCode: exit(1)})
	}
	d.Containers = append(d.Containers, c)
	return d
}

// perform carries out an action. The response may be lost.
func (s *simulation) perform(r *request, action gate.Action) gate.Result {
	if action.Verb == s.hooks.ignored {
		return gate.Result{}
	}
	passing := &gate.Fault{Message: "ThrottlingException: Rate exceeded"}
	if s.fails(r, action.Verb) {
		return gate.Result{Fault: passing}
	}
	result := s.effect(r, action)
	if s.chance(s.lossRate) && action.Verb != gate.CheckStack {
		return gate.Result{Fault: passing}
	}
	return result
}

// fails draws whether a call fails. Some calls fail at most twice in a row, because the gate does not retry them
// forever.
func (s *simulation) fails(r *request, verb gate.Verb) bool {
	bounded := verb == gate.CheckStack || verb == gate.StopTask || verb == gate.FindTask
	if verb == gate.CheckStack && s.noStatus {
		return true
	}
	if !s.chance(s.failureRate) || bounded && r.consecutiveFaults >= 2 {
		r.consecutiveFaults = 0
		return false
	}
	r.consecutiveFaults++
	return true
}

func (s *simulation) effect(r *request, action gate.Action) gate.Result {
	switch action.Verb {
	case gate.CheckStack:
		return gate.Result{Status: s.status}
	case gate.StartSnapshot:
		if r.copied.IsZero() {
			r.copied = s.now.Add(s.upTo(20 * time.Minute))
			s.snapshots = append(s.snapshots,
				simulatedSnapshot{name: action.Snapshot, complete: r.copied, failed: r.snapshot == "failed", own: true})
		}
	case gate.CheckSnapshot:
		if s.now.Before(r.copied) {
			return gate.Result{Status: "creating"}
		}
		return gate.Result{Status: r.snapshot}
	case gate.ListSnapshots:
		return s.listSnapshots()
	case gate.DeleteSnapshot:
		s.deleteSnapshot(r, action.Snapshot)
	case gate.StartTask:
		return s.startTask(r, action)
	case gate.FindTask:
		for _, t := range r.tasks {
			if at, _ := t.end(); at.IsZero() || s.now.Before(at) {
				return gate.Result{TaskARN: "task/" + r.event.RequestId}
			}
		}
	case gate.CheckTask:
		t := r.tasks[len(r.tasks)-1]
		return gate.Result{Task: t.describe(s.now, s.now.Sub(t.started) < 5*time.Second && s.chance(0.5))}
	case gate.StopTask:
		if t := r.tasks[len(r.tasks)-1]; t.stopAsked.IsZero() {
			t.stopAsked = s.now
		}
	case gate.PutAnswer:
		s.answered(r, action.Answer)
	case gate.HandOver:
		s.handOver(r, action.State)
	}
	return gate.Result{}
}

func (s *simulation) startTask(r *request, action gate.Action) gate.Result {
	token := action.Event.Token()
	known := r.byToken[token]
	switch {
	case known != nil:
	case !r.permission:
		return gate.Result{Fault: &gate.Fault{Lasting: true, Message: "AccessDeniedException: not authorized to perform: ecs:RunTask"}}
	case r.refusals > 0:
		r.refusals--
		return gate.Result{Fault: &gate.Fault{Message: "Capacity is unavailable at this time"}}
	default:
		t := &task{plan: r.plan, started: s.now, request: r}
		r.tasks = append(r.tasks, t)
		r.byToken[token] = t
		s.record("%s: a task starts", r.event.RequestId)
		if r.snapshot != "" && (r.copied.IsZero() || s.now.Before(r.copied) || r.snapshot == "failed") {
			s.fail("no migration without its snapshot", r, "%s at %s", r.snapshot, r.copied)
		}
		if len(r.tasks) > 1 {
			s.fail("one task", r, "%d tasks", len(r.tasks))
		}
	}
	return gate.Result{TaskARN: "task/" + r.event.RequestId}
}

// checkAnswer compares the first answer with the truth.
func (s *simulation) checkAnswer(r *request, success bool) {
	switch {
	case !success && r.event.RequestType == gate.Delete:
		s.fail("delete and rollback succeed", r, "Delete failed")
	case !success && r.rollback && s.released[r.revision]:
		s.fail("delete and rollback succeed", r, "the rollback of an applied migration failed")
	case success && r.event.RequestType != gate.Delete:
		if (!r.rollback || !s.released[r.revision]) && (len(r.tasks) != 1 || !r.tasks[0].migrated(s.now)) {
			s.fail("success means exit code 0", r, "the migration has not run to its end")
		}
	}
	if s.now.Sub(r.at) > gate.ServiceTimeout(r.deadline) {
		s.fail("in time", r, "answered after %s", s.now.Sub(r.at))
	}
}

// checkEnd checks the whole history after its last event.
func (s *simulation) checkEnd() {
	for _, r := range s.requests {
		if len(r.answers) != 1 {
			s.fail("one answer", r, "%d answers", len(r.answers))
		}
		for _, t := range r.tasks {
			if t.plan.Fate == "hangs" && (t.stopAsked.IsZero() || t.stopAsked.Sub(r.at) > gate.ServiceTimeout(r.deadline)) {
				s.fail("no task outlives its deadline", r, "it was told to stop at %s", t.stopAsked)
			}
		}
	}
}
