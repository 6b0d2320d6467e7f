package handler_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"
	"dozen/internal/gate/gatetest"
)

// bootstrap is the function's real binary, built for this machine.
var bootstrap string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gate")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bootstrap = filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", bootstrap, "dozen/cmd/gate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// harness is the function, with a fake of AWS around it.
type harness struct {
	*gatetest.AWS
	function *gatetest.Function
}

// start starts the function. Its invocations may last for the timeout.
func start(t *testing.T, timeout time.Duration) harness {
	t.Parallel()
	aws := gatetest.StartAWS(t)
	return harness{AWS: aws, function: gatetest.StartFunction(t, aws, bootstrap, timeout, 200*time.Millisecond)}
}

// event is CloudFormation's request "r1", made some time ago.
func (r harness) event(t *testing.T, kind string, age time.Duration, change func(map[string]any)) []byte {
	properties := map[string]any{
		"ServiceToken":               r.function.ARN,
		gate.PropertyCluster:         "arn:aws:ecs:eu-west-1:111122223333:cluster/dev",
		gate.PropertyTaskDefinition:  "arn:aws:ecs:eu-west-1:111122223333:task-definition/release:7",
		gate.PropertyContainer:       "release",
		gate.PropertySubnets:         []any{"subnet-1", "subnet-2"},
		gate.PropertySecurityGroups:  []any{"sg-1"},
		gate.PropertyAssignPublicIP:  "DISABLED",
		gate.PropertyLogGroup:        "/dev/release",
		gate.PropertyLogStreamPrefix: "app",
		gate.PropertyDeadlineSeconds: "900",
		gate.PropertyRelease:         "3f9c1a7be02d",
	}
	if change != nil {
		change(properties)
	}
	event := map[string]any{
		"RequestType": kind, "RequestId": "r1", "ResponseURL": r.ResponseURL("r1", time.Now().Add(-age)),
		"StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/dev/1", "LogicalResourceId": "Gate",
		"ResourceType": gate.ResourceType, "ResourceProperties": properties,
	}
	if kind != "Create" {
		old := map[string]any{gate.PropertyTaskDefinition: "arn:aws:ecs:eu-west-1:111122223333:task-definition/release:6"}
		event["PhysicalResourceId"], event["OldResourceProperties"] = "release-gate-1", old
		r.SetStackStatus("UPDATE_IN_PROGRESS")
	}
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// withSnapshot are the properties of a release that a snapshot comes before; the newest two are kept.
func withSnapshot(p map[string]any, kind string) {
	p[gate.PropertySnapshotDatabase], p[gate.PropertySnapshotKind] = "prod-db", kind
	p[gate.PropertySnapshotPrefix], p[gate.PropertyKeepSnapshots] = "before-dozen-prod", "2"
}

// finish waits until the request is answered and the function is idle, and checks what must be true in every case.
func (r harness) finish(t *testing.T, status string, tasks int) gatetest.Answer {
	t.Helper()
	answer := r.AwaitAnswer(t, "r1")
	r.function.AwaitIdle()
	if answer.Status != status {
		t.Errorf("answered %s, want %s: %s", answer.Status, status, answer.Reason)
	}
	if got := len(r.Answers("r1")); got != 1 {
		t.Errorf("%d answers, want 1", got)
	}
	if got := len(r.Launches()); got != tasks {
		t.Errorf("%d tasks, want %d", got, tasks)
	}
	if answer.Bytes > 4096 {
		t.Errorf("the answer has %d bytes", answer.Bytes)
	}
	if out := r.function.Output(); strings.Contains(out, "0123456789abcdef") || strings.Contains(out, "X-Amz-Date") {
		t.Error("the log holds the answer's presigned address")
	}
	return answer
}

func contains(t *testing.T, text string, fragments ...string) {
	t.Helper()
	for _, fragment := range fragments {
		if !strings.Contains(text, fragment) {
			t.Errorf("no %q in %q", fragment, text)
		}
	}
}
