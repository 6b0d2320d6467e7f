package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"
)

const histories = 10_000

// No order of events and no misbehaviour of ECS may break an invariant:
//   - one answer: each request is answered exactly once,
//   - in time: before CloudFormation's ServiceTimeout,
//   - one task: never two for one request,
//   - delete and rollback succeed: never FAILED on Delete, nor on a rollback to an applied migration,
//   - success means exit code 0: of a migration that ran to its own end,
//   - no task outlives its deadline unstopped,
//   - no migration without its snapshot, if the request asks for one,
//   - only old snapshots of its own are deleted: no other environment's, no person's, and none of the newest.
func TestNoHistoryBreaksTheGate(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range uint64(histories) {
		s := newSimulation(seed, hooks{})
		if broken := s.run(); broken != "" {
			t.Fatalf("seed %d breaks %q:\n%s", seed, broken, strings.Join(s.history, "\n"))
		}
		s.count(seen)
	}
	// A simulation in which nothing happens would also pass.
	for _, what := range []string{
		"Create", "Update", "Delete", "rollback", "SUCCESS", "FAILED", "two deliveries",
		"migrates", "fails", "runs out of memory", "never starts", "hangs",
		"is stopped by a person", "has no exit code", "vanishes", "loses its sidecar",
		"a handler dies", "deadline", "could not be started", "a snapshot is deleted",
	} {
		if seen[what] < 100 {
			t.Errorf("%q happened %d times in %d histories, want at least 100", what, seen[what], histories)
		}
	}
	t.Logf("%d histories: %v", histories, seen)
}

func (s *simulation) count(seen map[string]int) {
	for _, r := range s.requests {
		seen[r.event.RequestType]++
		if r.rollback {
			seen["rollback"]++
		}
		if r.delivery > 1 {
			seen["two deliveries"]++
		}
		for _, t := range r.tasks {
			seen[t.plan.Fate]++
		}
		for _, a := range r.answers {
			seen[a.Status]++
			for _, word := range []string{"deadline", "could not be started"} {
				if strings.Contains(a.Reason, word) {
					seen[word]++
				}
			}
		}
	}
	for _, line := range s.history {
		for _, what := range []string{"a handler dies", "a snapshot is deleted"} {
			if strings.HasSuffix(line, what) {
				seen[what]++
			}
		}
	}
}

// Each protection of the gate is removed once, and the property must notice it: a property that cannot fail proves
// nothing.
func TestThePropertyCanFail(t *testing.T) {
	t.Parallel()
	for _, mutant := range []struct {
		name, breaks string
		hooks        hooks
	}{
		{"a token for each delivery", "one task", hooks{event: func(e *gate.Event, delivery int) {
			e.RequestId = fmt.Sprint(e.RequestId, "/", delivery)
		}}},
		{"answers overwrite each other", "one answer", hooks{unconditional: true}},
		{"exit codes are ignored", "success means exit code 0", hooks{result: func(_ gate.Action, r *gate.Result) {
			if r.Task != nil && r.Task.Stopped() {
				zero := 0
				r.Task = &gate.Task{LastStatus: "STOPPED", Containers: []gate.Container{{Name: "release", ExitCode: &zero}}}
			}
		}}},
		{"the stop code is ignored", "success means exit code 0", hooks{result: func(_ gate.Action, r *gate.Result) {
			if r.Task != nil {
				r.Task.StopCode = ""
			}
		}}},
		{"other containers are ignored", "success means exit code 0", hooks{result: func(_ gate.Action, r *gate.Result) {
			if r.Task != nil {
				r.Task.Containers = r.Task.Containers[len(r.Task.Containers)-1:]
			}
		}}},
		{"the deadline is an hour late", "in time", hooks{state: func(s *gate.State) {
			if s.Hops == 0 {
				s.Deadline = s.Deadline.Add(time.Hour)
			}
		}}},
		{"each delivery has its own deadline", "in time", hooks{event: func(e *gate.Event, _ int) {
			e.ResponseURL = "https://answers.example/"
		}}},
		{"nothing is handed over", "in time", hooks{ignored: gate.HandOver}},
		{"Delete is treated as an Update", "delete and rollback succeed", hooks{event: func(e *gate.Event, _ int) {
			if e.RequestType == gate.Delete {
				e.RequestType = gate.Update
			}
		}}},
		{"a rollback is not recognized", "delete and rollback succeed", hooks{result: func(a gate.Action, r *gate.Result) {
			if a.Verb == gate.CheckStack {
				r.Status = "UPDATE_IN_PROGRESS"
				r.Fault = nil
			}
		}}},
		{"every Update is taken for a rollback", "success means exit code 0", hooks{event: func(e *gate.Event, _ int) {
			if e.RequestType == gate.Update {
				e.OldResourceProperties = properties(1_000, gate.MinDeadline)
			}
		}}},
		{"the oldest snapshots seem to be the newest", "only old snapshots of its own are deleted", hooks{result: func(_ gate.Action, r *gate.Result) {
			for i := range r.Snapshots {
				if taken := &r.Snapshots[i].Taken; !taken.IsZero() {
					*taken = threeAM.Add(-taken.Sub(threeAM))
				}
			}
		}}},
		{"the prefix of another environment", "only old snapshots of its own are deleted", hooks{event: func(e *gate.Event, _ int) {
			if _, with := e.ResourceProperties[gate.PropertySnapshotPrefix]; with {
				e.ResourceProperties[gate.PropertySnapshotPrefix] = "before-dozen-prod-2"
			}
		}}},
		{"tasks are not stopped", "no task outlives its deadline", hooks{ignored: gate.StopTask}},
		{"snapshots are not waited for", "no migration without its snapshot", hooks{result: func(a gate.Action, r *gate.Result) {
			if a.Verb == gate.CheckSnapshot {
				r.Status = "available"
			}
		}}},
	} {
		t.Run(mutant.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(histories) {
				switch broken := newSimulation(seed, mutant.hooks).run(); broken {
				case "":
				case mutant.breaks:
					t.Logf("found in history %d", seed)
					return
				}
			}
			t.Errorf("no history of %d breaks %q", histories, mutant.breaks)
		})
	}
}
