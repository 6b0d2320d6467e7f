package gate_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"dozen/internal/gate"
)

// The tests of the gate use three fakes of AWS:
//
//	fake          what it is                                  what it shows
//	script        one request; each call's results, in order  the answer to exactly this course of events
//	simulation    random histories of one stack, in memory    no history breaks an invariant: it knows the truth
//	gatetest.AWS  HTTP on loopback, for the real binary       the handler speaks AWS's protocols and survives its death
//
// A script could not find the histories that nobody has thought of, and a simulation could not say which answer belongs
// to one of them.

// script holds the results of one request's calls: a list for each verb, whose last result is repeated.
type script map[gate.Verb][]gate.Result

// next returns the next result of a verb.
func (s script) next(verb gate.Verb) gate.Result {
	results := s[verb]
	if len(results) == 0 {
		return gate.Result{}
	}
	if len(results) > 1 {
		s[verb] = results[1:]
	}
	return results[0]
}

// outcome is how a scripted request ended.
type outcome struct {
	answer gate.Answer
	calls  map[gate.Verb]int
	took   time.Duration
	hops   int
}

// clock is time that passes only when someone waits.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time                           { return c.now }
func (c *clock) Sleep(_ context.Context, until time.Time) { c.now = until }

var threeAM = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

// play runs a request through invocations of 15 minutes until it is answered. Each call takes 100 ms.
func play(t *testing.T, event gate.Event, results script) outcome {
	t.Helper()
	out := outcome{calls: map[gate.Verb]int{}}
	c := &clock{now: threeAM}
	state := gate.New(event, c.now)
	for answered := false; !answered; {
		var next *gate.State
		do := func(_ context.Context, action gate.Action) gate.Result {
			out.calls[action.Verb]++
			c.now = c.now.Add(100 * time.Millisecond)
			switch action.Verb {
			case gate.HandOver:
				next = action.State
			case gate.PutAnswer:
				out.answer, answered = action.Answer, true
			}
			if action.Verb == gate.StopTask && out.calls[gate.StopTask] == 1 && results[afterStop] != nil {
				results[gate.CheckTask] = results[afterStop]
			}
			return results.next(action.Verb)
		}
		if err := gate.Drive(t.Context(), state, c.now.Add(840*time.Second), c, do); err != nil {
			t.Fatal(err)
		}
		if !answered {
			if next == nil {
				t.Fatal("the gate has neither answered nor handed over")
			}
			state = next
			out.hops++
		}
	}
	out.took = c.now.Sub(threeAM)
	return out
}

// afterStop is the key of CheckTask's results after StopTask.
const afterStop gate.Verb = "after the stop"

const taskARN = "arn:aws:ecs:eu-west-1:111122223333:task/dev/0b69d5c0d65548a0b1d3ec1d7c1b4ee2"

// requestOf returns a request with a deadline of 15 minutes.
func requestOf(kind string, change func(properties map[string]any)) gate.Event {
	p := properties(7, 15*time.Minute)
	if change != nil {
		change(p)
	}
	e := gate.Event{
		RequestType: kind, RequestId: "r1", LogicalResourceId: "Gate",
		StackId:     "arn:aws:cloudformation:eu-west-1:111122223333:stack/dev/1",
		ResponseURL: "https://answers.example/", ResourceProperties: p,
	}
	if kind != gate.Create {
		e.PhysicalResourceId = "release-gate-1"
		e.OldResourceProperties = properties(6, 15*time.Minute)
	}
	return e
}

// successful is the script of a migration that succeeds.
func successful() script {
	return script{
		gate.CheckStack: {{Status: "CREATE_IN_PROGRESS"}},
		gate.StartTask:  {{TaskARN: taskARN}},
		gate.CheckTask: {
			{},
			{Task: &gate.Task{LastStatus: "PENDING"}},
			{Task: &gate.Task{LastStatus: "RUNNING"}},
			exited("EssentialContainerExited", 0),
		},
	}
}

// running is a task that has not stopped.
var running = gate.Result{Task: &gate.Task{LastStatus: "RUNNING"}}

// exited is a task that has stopped, with the exit code of its container.
func exited(stopCode string, exitCode int) gate.Result {
	return gate.Result{Task: &gate.Task{
		LastStatus: "STOPPED",
		StopCode:   stopCode,
		Containers: []gate.Container{{Name: "release", ExitCode: &exitCode}},
	}}
}

// notRun is a task that has stopped before its container ran.
func notRun(stopCode string) gate.Result {
	return gate.Result{Task: &gate.Task{
		LastStatus: "STOPPED",
		StopCode:   stopCode,
		Containers: []gate.Container{{Name: "release"}},
	}}
}

// withSnapshot are the properties of a release that a snapshot comes before.
func withSnapshot(p map[string]any) {
	p[gate.PropertySnapshotDatabase], p[gate.PropertySnapshotKind] = "prod-db", "instance"
	p[gate.PropertySnapshotPrefix], p[gate.PropertyKeepSnapshots] = "before-dozen-prod", "5"
}

func passing(message string) gate.Result { return gate.Result{Fault: &gate.Fault{Message: message}} }
func lasting(message string) gate.Result {
	return gate.Result{Fault: &gate.Fault{Message: message, Lasting: true}}
}
func settling(message string) gate.Result {
	return gate.Result{Fault: &gate.Fault{Message: message, Settling: true}}
}

// properties are those of a template with a revision of the task definition.
func properties(revision int, deadline time.Duration) map[string]any {
	return map[string]any{
		gate.PropertyCluster:         "arn:aws:ecs:eu-west-1:111122223333:cluster/dev",
		gate.PropertyTaskDefinition:  fmt.Sprintf("arn:aws:ecs:eu-west-1:111122223333:task-definition/release:%d", revision),
		gate.PropertyContainer:       "release",
		gate.PropertySubnets:         []any{"subnet-1", "subnet-2"},
		gate.PropertySecurityGroups:  []any{"sg-1"},
		gate.PropertyAssignPublicIP:  "DISABLED",
		gate.PropertyLogGroup:        "/dev/release",
		gate.PropertyLogStreamPrefix: "app",
		gate.PropertyDeadlineSeconds: fmt.Sprintf("%.0f", deadline.Seconds()),
		gate.PropertyRelease:         fmt.Sprintf("image-%d", revision),
	}
}
