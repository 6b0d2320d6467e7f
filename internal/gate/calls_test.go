package gate_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"
)

func TestCreateMigratesAndAnswersOnce(t *testing.T) {
	got := play(t, requestOf(gate.Create, nil), successful())
	if got.answer.Status != "SUCCESS" || got.calls[gate.StartTask] != 1 || got.calls[gate.PutAnswer] != 1 || got.calls[gate.StopTask] != 0 {
		t.Errorf("%+v", got)
	}
	want := map[string]string{"TaskArn": taskARN, "Release": "image-7", "Snapshot": "none"}
	if fmt.Sprint(got.answer.Data) != fmt.Sprint(want) {
		t.Errorf("attributes %v, want %v", got.answer.Data, want)
	}
	if got.took > 5*time.Second {
		t.Errorf("a migration that was complete at the fourth check took %s", got.took)
	}
}

func TestPhysicalIDStaysTheSame(t *testing.T) {
	created := play(t, requestOf(gate.Create, nil), successful()).answer.PhysicalResourceId
	again := play(t, requestOf(gate.Create, nil), successful()).answer.PhysicalResourceId
	if created == "" || created != again {
		t.Errorf("two deliveries of a Create give %q and %q", created, again)
	}
	for _, kind := range []string{gate.Update, gate.Delete} {
		if got := play(t, requestOf(kind, nil), successful()).answer.PhysicalResourceId; got != "release-gate-1" {
			t.Errorf("%s changes the physical id to %q: CloudFormation would delete the old resource", kind, got)
		}
	}
}

// What an Update means depends on the stack. "runs" starts a migration; the others start nothing.
func TestWhatAnUpdateMeans(t *testing.T) {
	const earlier, same, later = 8, 7, 6 // old revisions, seen from 7
	for _, row := range []struct {
		status string
		old    int
		want   string
	}{
		{"UPDATE_IN_PROGRESS", later, "runs"},
		{"UPDATE_IN_PROGRESS", same, "runs"},
		{"UPDATE_ROLLBACK_IN_PROGRESS", earlier, "SUCCESS"},
		{"UPDATE_ROLLBACK_IN_PROGRESS", same, "SUCCESS"},
		{"UPDATE_ROLLBACK_IN_PROGRESS", later, "FAILED"},
		{"", earlier, "SUCCESS"},
		{"", later, "runs"},
		{"", same, "runs"},
		{"UPDATE_COMPLETE", later, "FAILED"},
		{"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", later, "FAILED"},
		{"UPDATE_ROLLBACK_COMPLETE", earlier, "FAILED"},
		{"UPDATE_ROLLBACK_FAILED", later, "FAILED"},
		{"DELETE_IN_PROGRESS", later, "FAILED"},
	} {
		t.Run(fmt.Sprintf("%s from %d", row.status, row.old), func(t *testing.T) {
			event := requestOf(gate.Update, nil)
			event.OldResourceProperties = properties(row.old, time.Minute)
			results := successful()
			results[gate.CheckStack] = []gate.Result{{Status: row.status}}
			if row.status == "" {
				results[gate.CheckStack] = []gate.Result{passing("ThrottlingException")}
			}
			got := play(t, event, results)
			outcome := got.answer.Status
			if got.calls[gate.StartTask] > 0 {
				outcome = "runs"
			}
			if outcome != row.want {
				t.Errorf("%s, want %s: %s", outcome, row.want, got.answer.Reason)
			}
			if got.answer.Data["TaskArn"] == "" {
				t.Error("an answer without the attribute TaskArn fails the stack")
			}
		})
	}
}

// A rollback to a template that this version of the gate cannot read must not fail either.
func TestRollbackSucceedsWithPropertiesOfAnOlderGate(t *testing.T) {
	event := requestOf(gate.Update, func(p map[string]any) { delete(p, gate.PropertyRelease) })
	got := play(t, event, script{gate.CheckStack: {{Status: "UPDATE_ROLLBACK_IN_PROGRESS"}}})
	if got.answer.Status == "SUCCESS" {
		t.Error("a later revision is not what a rollback leads to")
	}
	event.OldResourceProperties = properties(9, time.Minute)
	got = play(t, event, script{gate.CheckStack: {{Status: "UPDATE_ROLLBACK_IN_PROGRESS"}}})
	if got.answer.Status != "SUCCESS" || got.calls[gate.StartTask] != 0 {
		t.Errorf("%+v", got)
	}
}

func TestDeleteAnswersAtOnceAndTouchesNothing(t *testing.T) {
	event := requestOf(gate.Delete, func(p map[string]any) { clear(p) })
	got := play(t, event, script{})
	if got.answer.Status != "SUCCESS" || len(got.calls) != 1 || got.took > time.Second {
		t.Errorf("%+v", got)
	}
}

func TestUnknownRequestTypeFails(t *testing.T) {
	got := play(t, requestOf("Replace", nil), script{})
	if got.answer.Status != "FAILED" || len(got.calls) != 1 {
		t.Errorf("%+v", got)
	}
}

// Calls that fail are retried if the fault may pass, and not otherwise. Each failure names its remedy.
func TestCallsThatFail(t *testing.T) {
	for _, row := range []struct {
		name    string
		change  func(map[string]any)
		results script // in place of those of a successful migration
		success bool
		want    []string
		calls   map[gate.Verb]int
	}{
		{
			name:    "RunTask is throttled twice",
			results: script{gate.StartTask: {passing("ThrottlingException"), passing("ThrottlingException"), {TaskARN: taskARN}}},
			success: true,
			want:    []string{"exited with code 0"},
			calls:   map[gate.Verb]int{gate.StartTask: 3},
		},
		{
			name: "Fargate has no capacity",
			results: script{gate.StartTask: {passing("RunTask: Capacity is unavailable at this time. " +
				"Please try again later or in a different availability zone")}},
			want: []string{"could not be started", "Fargate has no capacity"},
		},
		{
			name:    "the subnets are full",
			results: script{gate.StartTask: {passing("RunTask: RESOURCE:ENI")}},
			want:    []string{"free some network interfaces"},
		},
		{
			name:    "RunTask is not allowed",
			results: script{gate.StartTask: {lasting("RunTask: AccessDeniedException: not authorized to perform: ecs:RunTask")}},
			want:    []string{"give the gate's role the permission"},
			calls:   map[gate.Verb]int{gate.StartTask: 1, gate.StopTask: 0},
		},
		{
			name: "RunTask is not allowed in a new role's first seconds",
			results: script{gate.StartTask: {
				settling("AccessDeniedException"), settling("AccessDeniedException"), {TaskARN: taskARN},
			}},
			success: true,
			want:    []string{"exited with code 0"},
			calls:   map[gate.Verb]int{gate.StartTask: 3},
		},
		{
			name:    "RunTask stays not allowed",
			results: script{gate.StartTask: {settling("AccessDeniedException: ecs:RunTask")}},
			want:    []string{"could not be started", "give the gate's role the permission"},
		},
		{
			name: "the task's roles may not be passed",
			results: script{gate.StartTask: {
				lasting("RunTask: AccessDeniedException: not authorized to perform: iam:PassRole on resource"),
			}},
			want: []string{"pass the task's two roles"},
		},
		{
			name:    "the task definition is inactive",
			results: script{gate.StartTask: {lasting("RunTask: ClientException: TaskDefinition is inactive")}},
			want:    []string{"removed by hand"},
		},
		{
			name:    "the cluster is gone",
			results: script{gate.StartTask: {lasting("RunTask: ClusterNotFoundException: Cluster not found.")}},
			want:    []string{"the cluster does not exist"},
		},
		{
			name:    "RunTask's responses are lost, and it has started a task",
			results: script{gate.StartTask: {passing("RunTask: no answer")}, gate.FindTask: {{}, {TaskARN: taskARN}}},
			success: true,
			want:    []string{"exited with code 0"},
		},
		{
			name:    "a handler that died has started a task, and RunTask is not allowed now",
			results: script{gate.StartTask: {lasting("AccessDeniedException")}, gate.FindTask: {{TaskARN: taskARN}}},
			want:    []string{"AccessDeniedException", taskARN},
			calls:   map[gate.Verb]int{gate.StopTask: 1},
		},
		{
			name: "checking the task fails for a while",
			results: script{gate.CheckTask: append(
				[]gate.Result{passing("no answer"), passing("ThrottlingException")},
				successful()[gate.CheckTask]...,
			)},
			success: true,
			want:    []string{"exited with code 0"},
		},
		{
			name:    "checking the task is not allowed",
			results: script{gate.CheckTask: {lasting("DescribeTasks: AccessDeniedException")}},
			want:    []string{"status cannot be read"},
			calls:   map[gate.Verb]int{gate.StopTask: 1},
		},
		{
			name:    "the task vanishes",
			results: script{gate.CheckTask: {running, {}}},
			want:    []string{"vanished from ECS", "exit code is unknown"},
		},
		{
			name:    "the log is empty",
			results: script{gate.CheckTask: {notRun("TaskFailedToStart")}},
			want:    []string{"The task printed nothing."},
			calls:   map[gate.Verb]int{gate.ReadLog: 3},
		},
		{
			name:    "the deadline passes",
			results: script{gate.CheckTask: {running}, gate.ReadLog: {{Lines: []string{"waiting for lock"}}}},
			want:    []string{"did not finish by its deadline of 900 s", "is still running", "raise Migration.Deadline", "waiting for lock"},
			calls:   map[gate.Verb]int{gate.StopTask: 1},
		},
		{
			name:    "StopTask fails at first",
			results: script{gate.CheckTask: {running}, gate.StopTask: {passing("no answer"), passing("no answer"), {}}},
			want:    []string{"deadline of 900 s"},
			calls:   map[gate.Verb]int{gate.StopTask: 3},
		},
		{
			name:    "the answer is lost",
			results: script{gate.PutAnswer: {passing("503"), passing("no answer"), {}}},
			success: true,
			want:    []string{"exited with code 0"},
			calls:   map[gate.Verb]int{gate.PutAnswer: 3, gate.StartTask: 1},
		},
		{
			name:    "a snapshot comes first",
			change:  withSnapshot,
			results: script{gate.CheckSnapshot: {{Status: "creating"}, {Status: "available"}}},
			success: true,
			want:    []string{"exited with code 0"},
			calls:   map[gate.Verb]int{gate.StartSnapshot: 1, gate.CheckSnapshot: 2, gate.ListSnapshots: 1},
		},
		{
			name:    "the snapshots cannot be listed after the answer",
			change:  withSnapshot,
			results: script{gate.CheckSnapshot: {{Status: "available"}}, gate.ListSnapshots: {lasting("AccessDenied")}},
			success: true,
			want:    []string{"exited with code 0"},
			calls:   map[gate.Verb]int{gate.ListSnapshots: 1, gate.DeleteSnapshot: 0},
		},
		{
			name:    "the snapshot fails",
			change:  withSnapshot,
			results: script{gate.CheckSnapshot: {{Status: "failed"}}},
			want:    []string{"before-dozen-prod-image7-", "no migration was started"},
			calls:   map[gate.Verb]int{gate.StartTask: 0},
		},
		{
			name:    "there are too many snapshots",
			change:  withSnapshot,
			results: script{gate.StartSnapshot: {lasting("CreateDBSnapshot: SnapshotQuotaExceeded")}},
			want:    []string{"delete old manual snapshots"},
			calls:   map[gate.Verb]int{gate.StartTask: 0},
		},
		{
			name:    "the snapshot is not complete by the deadline",
			change:  withSnapshot,
			results: script{gate.CheckSnapshot: {{Status: "creating"}}},
			want:    []string{"deadline passed before the database snapshot before-dozen-prod-image7-"},
			calls:   map[gate.Verb]int{gate.StartTask: 0},
		},
		{
			name:    "the migration fails after a snapshot",
			change:  withSnapshot,
			results: script{gate.CheckSnapshot: {{Status: "available"}}, gate.CheckTask: {notRun("")}},
			want:    []string{"Database snapshot taken before the migration: before-dozen-prod-image7-"},
			calls:   map[gate.Verb]int{gate.ListSnapshots: 0},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			results := successful()
			maps.Copy(results, row.results)
			got := play(t, requestOf(gate.Create, row.change), results)
			if row.success != (got.answer.Status == "SUCCESS") {
				t.Errorf("%s: %s", got.answer.Status, got.answer.Reason)
			}
			contains(t, got.answer.Reason, row.want...)
			if !row.success && strings.Count(got.answer.Reason, "Remedy: ") != 1 {
				t.Errorf("no remedy in %q", got.answer.Reason)
			}
			for verb, want := range row.calls {
				if got.calls[verb] != want {
					t.Errorf("%d calls to %s, want %d", got.calls[verb], verb, want)
				}
			}
			if limit := gate.ServiceTimeout(15 * time.Minute); got.took > limit {
				t.Errorf("answered after %s, CloudFormation waits for %s", got.took, limit)
			}
		})
	}
}

// A migration that comes to its own end while it is told to stop has succeeded. A migration that exits with 0 because
// of SIGTERM has not.
func TestEndInTheLastMoment(t *testing.T) {
	for stopCode, want := range map[string]string{"EssentialContainerExited": "SUCCESS", "UserInitiated": "FAILED"} {
		results := successful()
		results[gate.CheckTask] = []gate.Result{running}
		results[afterStop] = []gate.Result{exited(stopCode, 0)}
		if got := play(t, requestOf(gate.Create, nil), results); got.answer.Status != want {
			t.Errorf("%s: %s, want %s: %s", stopCode, got.answer.Status, want, got.answer.Reason)
		}
	}
}

// A deadline of 55 minutes, the longest that CloudFormation allows, needs four invocations: far below the sixteen in a
// row at which Lambda stops a function.
func TestDeadlineBeyondOneInvocation(t *testing.T) {
	results := successful()
	results[gate.CheckTask] = []gate.Result{running}
	event := requestOf(gate.Create, func(p map[string]any) {
		p[gate.PropertyDeadlineSeconds] = fmt.Sprintf("%.0f", gate.MaxDeadline.Seconds())
	})
	got := play(t, event, results)
	if got.hops != 3 || got.calls[gate.StartTask] != 1 || got.calls[gate.PutAnswer] != 1 {
		t.Errorf("%d hops, calls %v", got.hops, got.calls)
	}
	if got.took < gate.MaxDeadline || got.took > gate.ServiceTimeout(gate.MaxDeadline) {
		t.Errorf("took %s", got.took)
	}
}

// A function whose timeout is far too short must not run into Lambda's loop detection, which would drop the event.
func TestHopsAreLimited(t *testing.T) {
	results := successful()
	results[gate.CheckTask] = []gate.Result{running}
	c := &clock{now: threeAM}
	state := gate.New(requestOf(gate.Create, nil), c.now)
	var answer gate.Answer
	hops, stopped := 0, false
	for ; answer.Status == "" && hops < 20; hops++ {
		next := state
		do := func(_ context.Context, a gate.Action) gate.Result {
			switch a.Verb {
			case gate.HandOver:
				next = a.State
			case gate.StopTask:
				stopped = true
			case gate.PutAnswer:
				answer = a.Answer
			}
			return results.next(a.Verb)
		}
		if err := gate.Drive(t.Context(), state, c.now.Add(10*time.Second), c, do); err != nil {
			t.Fatal(err)
		}
		state = next
	}
	if answer.Status != "FAILED" || !stopped || hops > 15 {
		t.Errorf("after %d invocations: stopped %v, %+v", hops, stopped, answer)
	}
	contains(t, answer.Reason, "timeout to 900 seconds")
}
