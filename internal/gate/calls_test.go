package gate_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"
)

func TestCreateMigratesAndAnswersOnce(t *testing.T) {
	got := play(t, requestOf(gate.Create, nil), usual())
	if got.answer.Status != "SUCCESS" || got.calls[gate.StartTask] != 1 || got.calls[gate.PutAnswer] != 1 || got.calls[gate.StopTask] != 0 {
		t.Errorf("%+v", got)
	}
	want := map[string]string{"TaskArn": taskARN, "Release": "image-7", "Snapshot": "none"}
	if fmt.Sprint(got.answer.Data) != fmt.Sprint(want) {
		t.Errorf("attributes %v, want %v", got.answer.Data, want)
	}
	if got.took > 5*time.Second {
		t.Errorf("a migration that was through at the fourth look took %s", got.took)
	}
}

func TestPhysicalIDStaysTheSame(t *testing.T) {
	created := play(t, requestOf(gate.Create, nil), usual()).answer.PhysicalResourceId
	again := play(t, requestOf(gate.Create, nil), usual()).answer.PhysicalResourceId
	if created == "" || created != again {
		t.Errorf("two deliveries of a Create give %q and %q", created, again)
	}
	for _, kind := range []string{gate.Update, gate.Delete} {
		if got := play(t, requestOf(kind, nil), usual()).answer.PhysicalResourceId; got != "release-gate-1" {
			t.Errorf("%s changes the physical id to %q: CloudFormation would delete the old resource", kind, got)
		}
	}
}

// What an Update means depends on the stack. "runs" is the ordinary way; the others start nothing.
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
			lines := usual()
			lines[gate.AskStack] = []gate.Result{{Status: row.status}}
			if row.status == "" {
				lines[gate.AskStack] = []gate.Result{passing("ThrottlingException")}
			}
			got := play(t, event, lines)
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
	got := play(t, event, script{gate.AskStack: {{Status: "UPDATE_ROLLBACK_IN_PROGRESS"}}})
	if got.answer.Status == "SUCCESS" {
		t.Error("a later revision is not what a rollback leads to")
	}
	event.OldResourceProperties = properties(9, time.Minute)
	got = play(t, event, script{gate.AskStack: {{Status: "UPDATE_ROLLBACK_IN_PROGRESS"}}})
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

// Calls that fail: those that may pass are repeated, those that cannot are not, and each names its remedy.
func TestCallsThatFail(t *testing.T) {
	snapshot := func(p map[string]any) {
		p[gate.PropertySnapshotDatabase], p[gate.PropertySnapshotKind] = "prod-db", "instance"
	}
	running := gate.Result{Task: &gate.Task{LastStatus: "RUNNING"}}
	for _, row := range []struct {
		name    string
		change  func(map[string]any)
		lines   script
		success bool
		want    []string
		calls   map[gate.Verb]int
	}{
		{name: "RunTask is throttled twice", success: true, lines: script{gate.StartTask: {passing("ThrottlingException"), passing("ThrottlingException"), {TaskARN: taskARN}}},
			want: []string{"exited with code 0"}, calls: map[gate.Verb]int{gate.StartTask: 3}},
		{name: "Fargate has no capacity", lines: script{gate.StartTask: {passing("RunTask: Capacity is unavailable at this time. Please try again later or in a different availability zone")}},
			want: []string{"could not be started", "Fargate has no room"}},
		{name: "the subnets are full", lines: script{gate.StartTask: {passing("RunTask: RESOURCE:ENI")}},
			want: []string{"free network interfaces"}},
		{name: "RunTask is not allowed", lines: script{gate.StartTask: {lasting("RunTask: AccessDeniedException: not authorized to perform: ecs:RunTask")}},
			want: []string{"give the gate's role the permission"}, calls: map[gate.Verb]int{gate.StartTask: 1, gate.StopTask: 0}},
		{name: "RunTask is not allowed in a new role's first seconds", success: true,
			lines: script{gate.StartTask: {settling("AccessDeniedException"), settling("AccessDeniedException"), {TaskARN: taskARN}}},
			want:  []string{"exited with code 0"}, calls: map[gate.Verb]int{gate.StartTask: 3}},
		{name: "RunTask stays not allowed", lines: script{gate.StartTask: {settling("AccessDeniedException: ecs:RunTask")}},
			want: []string{"could not be started", "give the gate's role the permission"}},
		{name: "the task's roles may not be passed", lines: script{gate.StartTask: {lasting("RunTask: AccessDeniedException: not authorized to perform: iam:PassRole on resource")}},
			want: []string{"pass the task's two roles"}},
		{name: "the task definition is inactive", lines: script{gate.StartTask: {lasting("RunTask: ClientException: TaskDefinition is inactive")}},
			want: []string{"removed by hand"}},
		{name: "the cluster is gone", lines: script{gate.StartTask: {lasting("RunTask: ClusterNotFoundException: Cluster not found.")}},
			want: []string{"the cluster is gone"}},
		{name: "RunTask's answers are lost, and it has started one", success: true,
			lines: script{gate.StartTask: {passing("RunTask: no answer")}, gate.FindTask: {{}, {TaskARN: taskARN}}}, want: []string{"exited with code 0"}},
		{name: "a handler that died has started one, and RunTask is not allowed now",
			lines: script{gate.StartTask: {lasting("AccessDeniedException")}, gate.FindTask: {{TaskARN: taskARN}}},
			want:  []string{"AccessDeniedException", taskARN}, calls: map[gate.Verb]int{gate.StopTask: 1}},
		{name: "looking fails for a while", success: true, lines: script{gate.LookTask: append([]gate.Result{passing("no answer"), passing("ThrottlingException")}, usual()[gate.LookTask]...)},
			want: []string{"exited with code 0"}},
		{name: "looking is not allowed", lines: script{gate.LookTask: {lasting("DescribeTasks: AccessDeniedException")}},
			want: []string{"cannot be seen"}, calls: map[gate.Verb]int{gate.StopTask: 1}},
		{name: "the task vanishes", lines: script{gate.LookTask: {running, {}}},
			want: []string{"vanished from ECS", "cannot be known"}},
		{name: "the log is empty", lines: script{gate.LookTask: {{Task: &gate.Task{LastStatus: "STOPPED", StopCode: "TaskFailedToStart", Containers: []gate.Container{{Name: "release"}}}}}},
			want: []string{"It printed nothing."}, calls: map[gate.Verb]int{gate.ReadLog: 3}},
		{name: "the deadline passes", lines: script{gate.LookTask: {running}, gate.ReadLog: {{Lines: []string{"waiting for lock"}}}},
			want: []string{"not through by its deadline of 900 s", "has not yet", "raise the deadline", "waiting for lock"}, calls: map[gate.Verb]int{gate.StopTask: 1}},
		{name: "StopTask fails at first", lines: script{gate.LookTask: {running}, gate.StopTask: {passing("no answer"), passing("no answer"), {}}},
			want: []string{"deadline of 900 s"}, calls: map[gate.Verb]int{gate.StopTask: 3}},
		{name: "the answer gets lost", success: true, lines: script{gate.PutAnswer: {passing("503"), passing("no answer"), {}}},
			want: []string{"exited with code 0"}, calls: map[gate.Verb]int{gate.PutAnswer: 3, gate.StartTask: 1}},
		{name: "a snapshot comes first", change: snapshot, success: true, lines: script{gate.LookSnapshot: {{Status: "creating"}, {Status: "available"}}},
			want: []string{"exited with code 0"}, calls: map[gate.Verb]int{gate.StartSnapshot: 1, gate.LookSnapshot: 2}},
		{name: "the snapshot fails", change: snapshot, lines: script{gate.LookSnapshot: {{Status: "failed"}}},
			want: []string{"before-image-7-", "no migration was started"}, calls: map[gate.Verb]int{gate.StartTask: 0}},
		{name: "there are too many snapshots", change: snapshot, lines: script{gate.StartSnapshot: {lasting("CreateDBSnapshot: SnapshotQuotaExceeded")}},
			want: []string{"delete old manual snapshots"}, calls: map[gate.Verb]int{gate.StartTask: 0}},
		{name: "the snapshot is not through by the deadline", change: snapshot, lines: script{gate.LookSnapshot: {{Status: "creating"}}},
			want: []string{"deadline passed before the database snapshot before-image-7-"}, calls: map[gate.Verb]int{gate.StartTask: 0}},
		{name: "the migration fails after a snapshot", change: snapshot, lines: script{gate.LookSnapshot: {{Status: "available"}}, gate.LookTask: {{Task: &gate.Task{LastStatus: "STOPPED", Containers: []gate.Container{{Name: "release"}}}}}},
			want: []string{"Database snapshot from before: before-image-7-"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			lines := usual()
			for verb, results := range row.lines {
				lines[verb] = results
			}
			got := play(t, requestOf(gate.Create, row.change), lines)
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

// A migration that comes to its own end while it is told to stop has succeeded. One that ends with 0 because SIGTERM
// asked for it has not.
func TestEndInTheLastMoment(t *testing.T) {
	zero := 0
	for stopCode, want := range map[string]string{"EssentialContainerExited": "SUCCESS", "UserInitiated": "FAILED"} {
		lines := usual()
		lines[gate.LookTask] = []gate.Result{{Task: &gate.Task{LastStatus: "RUNNING"}}}
		lines["after the stop"] = []gate.Result{{Task: &gate.Task{LastStatus: "STOPPED", StopCode: stopCode, Containers: []gate.Container{{Name: "release", ExitCode: &zero}}}}}
		if got := play(t, requestOf(gate.Create, nil), lines); got.answer.Status != want {
			t.Errorf("%s: %s, want %s: %s", stopCode, got.answer.Status, want, got.answer.Reason)
		}
	}
}

// A deadline of 55 minutes, the longest that CloudFormation leaves room for, needs four invocations: far below the
// sixteen in a row at which Lambda stops a function.
func TestDeadlineBeyondOneInvocation(t *testing.T) {
	lines := usual()
	lines[gate.LookTask] = []gate.Result{{Task: &gate.Task{LastStatus: "RUNNING"}}}
	event := requestOf(gate.Create, func(p map[string]any) {
		p[gate.PropertyDeadlineSeconds] = fmt.Sprintf("%.0f", gate.MaxDeadline.Seconds())
	})
	got := play(t, event, lines)
	if got.hops != 3 || got.calls[gate.StartTask] != 1 || got.calls[gate.PutAnswer] != 1 {
		t.Errorf("%d hops, calls %v", got.hops, got.calls)
	}
	if got.took < gate.MaxDeadline || got.took > gate.ServiceTimeout(gate.MaxDeadline) {
		t.Errorf("took %s", got.took)
	}
}

// A function whose timeout is far too short must not run into Lambda's loop detection, which would drop the event.
func TestHopsAreLimited(t *testing.T) {
	lines := usual()
	lines[gate.LookTask] = []gate.Result{{Task: &gate.Task{LastStatus: "RUNNING"}}}
	c := &clock{now: threeAM}
	state := gate.New(requestOf(gate.Create, nil), c.now)
	var answer gate.Answer
	hops, stopped := 0, false
	for ; answer.Status == "" && hops < 20; hops++ {
		heir := state
		do := func(_ context.Context, a gate.Action) gate.Result {
			switch a.Verb {
			case gate.HandOver:
				heir = a.State
			case gate.StopTask:
				stopped = true
			case gate.PutAnswer:
				answer = a.Answer
			}
			return lines.next(a.Verb)
		}
		if err := gate.Drive(t.Context(), state, c.now.Add(10*time.Second), c, do); err != nil {
			t.Fatal(err)
		}
		state = heir
	}
	if answer.Status != "FAILED" || !stopped || hops > 15 {
		t.Errorf("after %d invocations: stopped %v, %+v", hops, stopped, answer)
	}
	contains(t, answer.Reason, "timeout of 900 seconds")
}
