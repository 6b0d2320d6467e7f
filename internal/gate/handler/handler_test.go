package handler_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"
	"dozen/internal/gate/gatetest"
)

func TestCreate(t *testing.T) {
	r := start(t, time.Minute)
	r.function.Invoke(r.event(t, "Create", 0, nil))
	answer := r.finish(t, "SUCCESS", 1)
	if !strings.HasPrefix(answer.PhysicalResourceId, "release-gate-") || answer.LogicalResourceId != "Gate" || answer.RequestId != "r1" ||
		answer.StackId == "" || !strings.Contains(answer.Data["TaskArn"], ":task/dev/") {
		t.Errorf("%+v", answer)
	}
	launch := r.Launches()[0]
	network := launch.NetworkConfiguration.AwsvpcConfiguration
	if launch.LaunchType != "FARGATE" || launch.Count != 1 || launch.ClientToken == "" || len(launch.ClientToken) > 64 ||
		launch.TaskDefinition != "arn:aws:ecs:eu-west-1:111122223333:task-definition/release:7" ||
		!slices.Equal(network.Subnets, []string{"subnet-1", "subnet-2"}) ||
		!slices.Equal(network.SecurityGroups, []string{"sg-1"}) || network.AssignPublicIp != "DISABLED" {
		t.Errorf("%+v", launch)
	}
	// The function calls exactly what its role must allow.
	if want := []string{"DescribeStacks", "DescribeTasks", "PutAnswer", "RunTask"}; !slices.Equal(r.Actions(), want) {
		t.Errorf("calls %v, want %v", r.Actions(), want)
	}
}

func TestUpdate(t *testing.T) {
	r := start(t, time.Minute)
	r.function.Invoke(r.event(t, "Update", 0, nil))
	if answer := r.finish(t, "SUCCESS", 1); answer.PhysicalResourceId != "release-gate-1" {
		t.Errorf("the physical id became %s: CloudFormation would delete the old resource", answer.PhysicalResourceId)
	}
}

// A rollback must succeed even where no task can be started: otherwise it ends in UPDATE_ROLLBACK_FAILED.
func TestRollbackSucceedsWithoutATask(t *testing.T) {
	r := start(t, time.Minute)
	r.SetFate(func(gatetest.Launch) gatetest.Fate {
		return gatetest.Fate{Refused: "Capacity is unavailable at this time"}
	})
	event := r.event(t, "Update", 0, func(p map[string]any) {
		p[gate.PropertyTaskDefinition] = "arn:aws:ecs:eu-west-1:111122223333:task-definition/release:5"
	})
	r.SetStackStatus("UPDATE_ROLLBACK_IN_PROGRESS")
	r.function.Invoke(event)
	if answer := r.finish(t, "SUCCESS", 0); answer.Data["TaskArn"] == "" {
		t.Error("the attribute TaskArn is missing: CloudFormation would fail the rollback")
	}
}

func TestDeleteAnswersAtOnceAndTouchesNothing(t *testing.T) {
	r := start(t, time.Minute)
	r.function.Invoke(r.event(t, "Delete", 0, func(p map[string]any) { clear(p) }))
	r.finish(t, "SUCCESS", 0)
	if !slices.Equal(r.Actions(), []string{"PutAnswer"}) {
		t.Errorf("calls %v", r.Actions())
	}
}

func TestFailingMigration(t *testing.T) {
	r := start(t, time.Minute)
	r.SetFate(func(gatetest.Launch) gatetest.Fate {
		return gatetest.Fate{Exit: 1, Lines: []string{"connect postgres://app:hunter2@db/app", `ERROR: column "x" does not exist`}}
	})
	r.function.Invoke(r.event(t, "Update", 0, nil))
	answer := r.finish(t, "FAILED", 1)
	contains(t, answer.Reason, "3f9c1a7be02d", "container release exited with code 1", "Essential container in task exited", "Remedy: ",
		":task/dev/", "/dev/release", "app/release/", `ERROR: column "x" does not exist`, "postgres://app:***@db/app")
	if strings.Contains(answer.Reason+r.function.Output(), "hunter2") {
		t.Error("the password leaked")
	}
}

func TestTaskThatNeverStarts(t *testing.T) {
	r := start(t, time.Minute)
	r.SetFate(func(gatetest.Launch) gatetest.Fate {
		return gatetest.Fate{
			NoExitCode:    true,
			StopCode:      "TaskFailedToStart",
			StoppedReason: "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
		}
	})
	r.function.Invoke(r.event(t, "Create", 0, nil))
	contains(t, r.finish(t, "FAILED", 1).Reason, "TaskFailedToStart", "build it for linux/arm64", "The task printed nothing.")
}

func TestBadPropertyIsNamed(t *testing.T) {
	r := start(t, time.Minute)
	r.function.Invoke(r.event(t, "Create", 0, func(p map[string]any) {
		delete(p, gate.PropertySubnets)
		p[gate.PropertyDeadlineSeconds] = "5"
	}))
	contains(t, r.finish(t, "FAILED", 0).Reason, "property Subnets is missing", `property DeadlineSeconds is "5"`)
}

// The handler dies while the migration runs; Lambda delivers the event again.
func TestHandlerIsKilledHalfWay(t *testing.T) {
	r := start(t, time.Minute)
	r.SetFate(func(gatetest.Launch) gatetest.Fate { return gatetest.Fate{Runs: 2 * time.Second} })
	r.function.Invoke(r.event(t, "Update", 0, nil))
	until(t, func() bool { return r.Calls("DescribeTasks") > 0 })
	r.function.Kill()
	r.finish(t, "SUCCESS", 1)
	if r.function.Invocations() != 2 {
		t.Errorf("%d invocations, want the first and its replacement", r.function.Invocations())
	}
}

// The handler dies at each call in turn, right after the call has taken effect.
func TestHandlerIsKilledAtEveryCall(t *testing.T) {
	for _, action := range []string{"DescribeStacks", "RunTask", "DescribeTasks", "GetLogEvents", "PutAnswer"} {
		t.Run(action, func(t *testing.T) {
			r := start(t, time.Minute)
			r.SetFate(func(gatetest.Launch) gatetest.Fate {
				return gatetest.Fate{Runs: time.Second, Exit: 1, Lines: []string{"why"}}
			})
			r.Fail(action, gatetest.Fault{Lost: true})
			r.function.Invoke(r.event(t, "Create", 0, nil))
			until(t, func() bool { return r.Calls(action) > 0 })
			r.function.Kill()
			r.finish(t, "FAILED", 1)
		})
	}
}

func TestEventIsDeliveredTwice(t *testing.T) {
	r := start(t, time.Minute)
	r.SetFate(func(gatetest.Launch) gatetest.Fate { return gatetest.Fate{Runs: time.Second} })
	event := r.event(t, "Update", 0, nil)
	r.function.Invoke(event)
	r.function.Invoke(event)
	r.finish(t, "SUCCESS", 1)
	r.function.Invoke(event) // and long after
	r.function.AwaitIdle()
	r.finish(t, "SUCCESS", 1)
	if r.Calls("PutAnswer") != 3 {
		t.Errorf("%d handlers have answered, want 3", r.Calls("PutAnswer"))
	}
}

// The migration takes longer than one invocation may take.
func TestHandOver(t *testing.T) {
	r := start(t, 3*time.Second)
	r.SetFate(func(gatetest.Launch) gatetest.Fate { return gatetest.Fate{Runs: 6 * time.Second} })
	r.function.Invoke(r.event(t, "Create", 0, nil))
	r.finish(t, "SUCCESS", 1)
	if got := r.function.Invocations(); got < 3 {
		t.Errorf("%d invocations of 3 s for a migration of 6 s", got)
	}
	if r.Calls("RunTask") != 1 {
		t.Errorf("RunTask was called %d times: the state was not handed over", r.Calls("RunTask"))
	}
}

// Starting the next invocation is throttled, and then takes effect without a response, so that two continue.
func TestHandOverThatGetsLost(t *testing.T) {
	r := start(t, 3*time.Second)
	r.SetFate(func(gatetest.Launch) gatetest.Fate { return gatetest.Fate{Runs: 4 * time.Second} })
	r.Fail("Invoke", gatetest.Fault{Status: 429, Code: "TooManyRequestsException"}, gatetest.Fault{Lost: true})
	r.function.Invoke(r.event(t, "Create", 0, nil))
	r.finish(t, "SUCCESS", 1)
}

// The deadline passes: the task is stopped, and its exit code 0 after SIGTERM does not count.
func TestDeadline(t *testing.T) {
	r := start(t, time.Minute)
	r.SetFate(func(gatetest.Launch) gatetest.Fate {
		return gatetest.Fate{Hangs: true, Lines: []string{"waiting for a lock"}}
	})
	r.function.Invoke(r.event(t, "Create", 894*time.Second, nil))
	contains(t, r.finish(t, "FAILED", 1).Reason, "did not finish by its deadline of 900 s", "waiting for a lock", "UserInitiated")
	if reasons := r.StopReasons(); len(reasons) != 1 || !strings.Contains(reasons[0], "deadline of 900 s") {
		t.Errorf("stopped for %q", reasons)
	}
}

// The handler has died, and the deadline has passed when its event is delivered again: the task is found and stopped.
func TestTaskOfADeadHandlerIsStopped(t *testing.T) {
	r := start(t, time.Minute)
	r.SetFate(func(gatetest.Launch) gatetest.Fate { return gatetest.Fate{Hangs: true} })
	event := r.event(t, "Create", 0, nil)
	r.function.Invoke(event)
	until(t, func() bool { return r.Calls("DescribeTasks") > 0 })
	r.function.Kill()
	late := r.event(t, "Create", time.Hour, nil)
	r.function.Invoke(late)
	until(t, func() bool { return len(r.StopReasons()) == 1 })
	r.finish(t, "FAILED", 1)
}

func TestSnapshotComesFirst(t *testing.T) {
	for _, kind := range []string{"instance", "cluster"} {
		t.Run(kind, func(t *testing.T) {
			r := start(t, time.Minute)
			r.SetSnapshotDuration(time.Second)
			r.SetFate(func(gatetest.Launch) gatetest.Fate { return gatetest.Fate{Exit: 1} })
			r.Fail("CreateDBSnapshot", gatetest.Fault{Lost: true})
			r.Fail("CreateDBClusterSnapshot", gatetest.Fault{Code: "InvalidDBClusterStateFault"})
			r.function.Invoke(r.event(t, "Update", 0, func(p map[string]any) {
				withSnapshot(p, kind)
			}))
			answer := r.finish(t, "FAILED", 1)
			snapshots := r.Snapshots()
			if len(snapshots) != 1 {
				t.Fatalf("%d snapshots, want 1", len(snapshots))
			}
			for name, snapshot := range snapshots {
				contains(t, answer.Reason, "Database snapshot taken before the migration: "+name)
				if snapshot.Database != "prod-db" || snapshot.Kind != kind {
					t.Errorf("%+v", snapshot)
				}
			}
		})
	}
}

// Each success deletes what it has too many, of both kinds, and nothing that is not the gate's own. A call that fails changes
// nothing for the release.
func TestOldSnapshotsAreDeleted(t *testing.T) {
	for kind, action := range map[string]string{"instance": "DeleteDBSnapshot", "cluster": "DeleteDBClusterSnapshot"} {
		t.Run(kind, func(t *testing.T) {
			r := start(t, time.Minute)
			ago := func(days int) time.Time { return time.Now().Add(-time.Duration(days) * 24 * time.Hour) }
			for name, days := range map[string]int{
				"before-dozen-prod-aaaaaaaaaaaa-000000000001": 4, "before-dozen-prod-bbbbbbbbbbbb-000000000002": 3,
				"before-dozen-prod-cccccccccccc-000000000003": 2, "before-dozen-prod-2-aaaaaaaaaaaa-000000000001": 9,
				"before-dozen-prod-the-big-change": 9, "prod-of-a-person": 9,
			} {
				r.AddSnapshot(name, gatetest.Snapshot{Database: "prod-db", Kind: kind, Available: ago(days)})
			}
			r.Fail(action, gatetest.Fault{Code: "InvalidDBSnapshotState", Message: "is being copied"})
			r.function.Invoke(r.event(t, "Update", 0, func(p map[string]any) { withSnapshot(p, kind) }))
			answer := r.finish(t, "SUCCESS", 1)
			want := []string{
				"before-dozen-prod-2-aaaaaaaaaaaa-000000000001", "before-dozen-prod-the-big-change", "prod-of-a-person",
				"before-dozen-prod-aaaaaaaaaaaa-000000000001", // its deletion has failed: the next release tries again
				"before-dozen-prod-cccccccccccc-000000000003", answer.Data["Snapshot"],
			}
			slices.Sort(want)
			if have := slices.Sorted(maps.Keys(r.Snapshots())); !slices.Equal(have, want) {
				t.Errorf("snapshots\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
			}
			for _, logged := range []string{"is being copied", `"snapshot":"before-dozen-prod-bbbbbbbbbbbb-000000000002"`} {
				until(t, func() bool { return strings.Contains(r.function.Output(), logged) })
			}
		})
	}
}

// A bad day: every call is throttled, gets a server error and loses a response. The outcome is the same.
func TestBadDay(t *testing.T) {
	r := start(t, time.Minute)
	refused := 0
	r.SetFate(func(gatetest.Launch) gatetest.Fate {
		if refused++; refused < 3 {
			return gatetest.Fate{
				Refused: "Capacity is unavailable at this time. Please try again later or in a different availability zone",
			}
		}
		return gatetest.Fate{Runs: time.Second}
	})
	for _, action := range []string{"DescribeStacks", "RunTask", "DescribeTasks", "PutAnswer"} {
		r.Fail(action,
			gatetest.Fault{Code: "ThrottlingException", Message: "Rate exceeded"},
			gatetest.Fault{Status: 500, Code: "ServerException"},
			gatetest.Fault{Lost: true})
	}
	r.function.Invoke(r.event(t, "Update", 0, nil))
	r.finish(t, "SUCCESS", 1)
	if refused != 3 {
		t.Errorf("RunTask was refused %d times", refused-1)
	}
}

// A task definition that was removed does not come back: the gate does not retry.
func TestLastingRefusal(t *testing.T) {
	r := start(t, time.Minute)
	r.Fail("RunTask", gatetest.Fault{Code: "ClientException", Message: "TaskDefinition is inactive"})
	r.function.Invoke(r.event(t, "Update", 0, nil))
	contains(t, r.finish(t, "FAILED", 0).Reason, "RunTask: ClientException: TaskDefinition is inactive", "removed by hand")
	if r.Calls("RunTask") != 1 {
		t.Errorf("RunTask was called %d times", r.Calls("RunTask"))
	}
}

// If S3 rejects the condition, the answer is sent without it.
func TestAnswerWithoutCondition(t *testing.T) {
	for _, status := range []int{400, 403, 501} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := start(t, time.Minute)
			r.Fail("PutAnswer", gatetest.Fault{Status: status, Code: "NotImplemented"})
			r.function.Invoke(r.event(t, "Delete", 0, nil))
			r.finish(t, "SUCCESS", 0)
		})
	}
}

// An expired address answers 403 forever; the function must end.
func TestAddressThatHasExpired(t *testing.T) {
	r := start(t, time.Minute)
	expired := gatetest.Fault{Status: 403, Code: "AccessDenied", Message: "Request has expired"}
	r.Fail("PutAnswer", expired, expired, expired, expired)
	r.function.Invoke(r.event(t, "Delete", 0, nil))
	r.function.AwaitIdle()
	if got := r.Calls("PutAnswer"); got != 2 || r.function.Invocations() != 1 {
		t.Errorf("%d tries in %d invocations", got, r.function.Invocations())
	}
}

func TestEventOfSomebodyElse(t *testing.T) {
	r := start(t, time.Minute)
	r.function.Invoke([]byte(`{"detail-type":"Scheduled Event"}`))
	r.function.AwaitIdle()
	contains(t, r.function.Output(), "not a CloudFormation request")
	if len(r.Actions()) != 0 {
		t.Errorf("calls %v", r.Actions())
	}
}

func until(t *testing.T, condition func() bool) {
	t.Helper()
	for begin := time.Now(); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("the condition did not become true within a minute")
		}
	}
}
