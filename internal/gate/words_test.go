package gate_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dozen/internal/gate"
)

// stoppedWith plays a release whose task ends in this way.
func stoppedWith(t *testing.T, task gate.Task) gate.Answer {
	t.Helper()
	results := successful()
	task.LastStatus = "STOPPED"
	results[gate.CheckTask] = []gate.Result{{Task: &task}}
	return play(t, requestOf(gate.Create, nil), results).answer
}

func code(number int) *int { return &number }

// A task that others have stopped may have exited with 0, its work half done. What ECS does to the other containers of a
// task that has ended is no failure.
func TestEveryStopByOthersCounts(t *testing.T) {
	release := gate.Container{Name: "release", ExitCode: code(0)}
	for stop, want := range map[string]string{
		"UserInitiated": "FAILED", "ServiceSchedulerInitiated": "FAILED", "SpotInterruption": "FAILED",
		"TerminationNotice": "FAILED", "TaskFailedToStart": "FAILED", "EssentialContainerExited": "SUCCESS", "": "SUCCESS",
	} {
		if got := stoppedWith(t, gate.Task{StopCode: stop, Containers: []gate.Container{release}}); got.Status != want {
			t.Errorf("exit code 0 after %q: %s: %s", stop, got.Status, got.Reason)
		}
	}
	for exit, want := range map[int]string{0: "SUCCESS", 137: "SUCCESS", 143: "SUCCESS", 1: "FAILED", 139: "FAILED"} {
		sidecar := gate.Container{Name: "log", ExitCode: code(exit)}
		for _, containers := range [][]gate.Container{{sidecar, release}, {release, sidecar}} {
			if got := stoppedWith(t, gate.Task{Containers: containers}); got.Status != want {
				t.Errorf("a sidecar exited with %d: %s: %s", exit, got.Status, got.Reason)
			}
		}
	}
}

// Consoles cut long reasons: nothing is said twice.
func TestReasonsAreNotRepeated(t *testing.T) {
	const why = "OutOfMemoryError: Container killed"
	got := stoppedWith(t, gate.Task{StoppedReason: why, Containers: []gate.Container{{Name: "release", ExitCode: code(137), Reason: why}}})
	if strings.Count(got.Reason, why) != 1 {
		t.Error(got.Reason)
	}
}

// A call that failed says nothing about the stack, whatever it holds.
func TestTheStatusOfAFailedCallDoesNotCount(t *testing.T) {
	results := successful()
	results[gate.CheckStack] = []gate.Result{{Status: "UPDATE_COMPLETE", Fault: &gate.Fault{Lasting: true, Message: "AccessDenied"}}}
	if got := play(t, requestOf(gate.Update, nil), results); got.calls[gate.StartTask] == 0 || got.answer.Status != "SUCCESS" ||
		got.calls[gate.CheckStack] != 1 {
		t.Errorf("calls %v, %s", got.calls, got.answer.Reason)
	}
}

// Revision 10 is later than 9. Of another family, no number is later or earlier.
func TestRevisionsAreNumbers(t *testing.T) {
	for _, c := range []struct {
		from, to, tasks int
		family          string
	}{{9, 10, 1, "release"}, {10, 9, 0, "release"}, {99, 100, 1, "release"}, {100, 99, 0, "release"}, {10, 9, 1, "other"}} {
		event := requestOf(gate.Update, nil)
		event.OldResourceProperties, event.ResourceProperties = properties(c.from, gate.MinDeadline), properties(c.to, gate.MinDeadline)
		event.OldResourceProperties[gate.PropertyTaskDefinition] = strings.Replace(
			event.OldResourceProperties[gate.PropertyTaskDefinition].(string), "/release:", "/"+c.family+":", 1)
		results := successful()
		results[gate.CheckStack] = []gate.Result{passing("ThrottlingException")}
		if got := play(t, event, results); got.calls[gate.StartTask] != c.tasks || got.answer.Status != "SUCCESS" {
			t.Errorf("from %d to %d: %d tasks, %s", c.from, c.to, got.calls[gate.StartTask], got.answer.Reason)
		}
	}
}

// HTML in a log is not encoded as if it were for a browser: an answer has room for 4096 bytes only.
func TestAnswerKeepsWhatFits(t *testing.T) {
	reason := play(t, requestOf(gate.Create, nil), failing(strings.Repeat("<&>", 2000))).answer.Reason
	if kept := strings.Count(reason, "<&>"); kept < 900 {
		t.Errorf("%d of 2000 are kept", kept)
	}
}

// What is cut is cut between characters, wherever the cut falls.
func TestACutSplitsNoCharacter(t *testing.T) {
	for offset := range 8 {
		long := strings.Repeat("a", offset) + strings.Repeat("🙂é", 2000)
		results := successful()
		results[gate.StartTask] = []gate.Result{lasting(long)}
		for what, answer := range map[string]gate.Answer{
			"a line":  play(t, requestOf(gate.Create, nil), failing(long)).answer,
			"a cause": play(t, requestOf(gate.Create, nil), results).answer,
		} {
			if !utf8.ValidString(answer.Reason) || strings.Contains(answer.Reason, "\uFFFD") || len(answer.JSON()) < 4080 {
				t.Errorf("%s with %d bytes before it: %d bytes of %q", what, offset, len(answer.JSON()), answer.Reason)
			}
		}
	}
}

// A secret may be in what AWS says, too.
func TestNoSecretIsInTheReason(t *testing.T) {
	results := successful()
	results[gate.StartTask] = []gate.Result{lasting("RunTask: postgres://app:hunter2@db/app")}
	if answer := play(t, requestOf(gate.Create, nil), results).answer; strings.Contains(answer.Reason, "hunter2") {
		t.Error(answer.Reason)
	}
	exited := gate.Task{Containers: []gate.Container{{Name: "release", ExitCode: code(1), Reason: "password=hunter2"}}}
	if answer := stoppedWith(t, exited); strings.Contains(answer.Reason, "hunter2") {
		t.Error(answer.Reason)
	}
}

// CloudFormation fails a stack that reads an attribute which an answer does not have, and ignores an answer to another
// request.
func TestEveryAnswerHasItsAttributes(t *testing.T) {
	for _, kind := range []string{gate.Create, gate.Update, gate.Delete} {
		event := requestOf(kind, nil)
		answer := play(t, event, successful()).answer
		if answer.RequestId != event.RequestId || answer.StackId != event.StackId || answer.LogicalResourceId != event.LogicalResourceId ||
			answer.PhysicalResourceId != event.PhysicalID() {
			t.Errorf("%s: %+v", kind, answer)
		}
		for _, name := range []string{"TaskArn", "Release", "Snapshot"} {
			if answer.Data[name] == "" {
				t.Errorf("%s: no %s", kind, name)
			}
		}
	}
}

// Who has to restore needs the name.
func TestTheSnapshotIsNamed(t *testing.T) {
	results := failing("no")
	results[gate.CheckSnapshot] = []gate.Result{{Status: "available"}}
	answer := play(t, requestOf(gate.Create, withSnapshot), results).answer
	if name := answer.Data["Snapshot"]; !strings.HasPrefix(name, "before-dozen-prod") || !strings.Contains(answer.Reason, "migration: "+name+".") {
		t.Errorf("%v: %s", answer.Data, answer.Reason)
	}
}

// A handler that died may have started the task. If the next one comes after the deadline, it looks for it, also where a
// snapshot comes first: a migration that has succeeded counts.
func TestARequestPastItsDeadlineFindsItsTask(t *testing.T) {
	for _, change := range []func(map[string]any){nil, withSnapshot} {
		event := requestOf(gate.Create, change)
		event.ResponseURL += "?X-Amz-Date=" + threeAM.Add(-20*time.Minute).Format("20060102T150405Z")
		results := successful()
		results[gate.FindTask] = []gate.Result{{TaskARN: taskARN}}
		results[gate.CheckTask] = []gate.Result{exited("EssentialContainerExited", 0)}
		got := play(t, event, results)
		if got.answer.Status != "SUCCESS" || got.calls[gate.StartTask]+got.calls[gate.StartSnapshot] != 0 {
			t.Errorf("calls %v, %s", got.calls, got.answer.Reason)
		}
	}
}

// RDS says at once that a snapshot has failed; to wait for the deadline would hide why.
func TestAFailedSnapshotEndsTheRelease(t *testing.T) {
	results := successful()
	results[gate.CheckSnapshot] = []gate.Result{{Status: "creating"}, {Status: "failed"}}
	got := play(t, requestOf(gate.Create, withSnapshot), results)
	if got.answer.Status != "FAILED" || got.calls[gate.StartTask] != 0 || got.took > time.Minute || !strings.Contains(got.answer.Reason, " failed, so no") {
		t.Errorf("after %s: calls %v, %s", got.took, got.calls, got.answer.Reason)
	}
}

// ECS starts one task for a token. Two requests with one token would be one migration.
func TestTokensDiffer(t *testing.T) {
	one := gate.Event{StackId: "stack", LogicalResourceId: "Gate", RequestId: "1"}
	seen := map[string]gate.Event{one.Token(): one}
	for _, other := range []gate.Event{
		{StackId: "stack", LogicalResourceId: "Gate", RequestId: "2"},
		{StackId: "stack", LogicalResourceId: "Gate1", RequestId: ""},
		{StackId: "stackGate", LogicalResourceId: "", RequestId: "1"},
		{StackId: "other", LogicalResourceId: "Gate", RequestId: "1"},
	} {
		if same, found := seen[other.Token()]; found {
			t.Errorf("%+v and %+v have the same token", same, other)
		}
		seen[other.Token()] = other
	}
	if again := one; again.Token() != one.Token() || len(one.Token()) != 64 {
		t.Error("a token changes, or is none")
	}
}
