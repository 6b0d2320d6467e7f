package gate_test

import (
	"context"
	"testing"
	"time"

	"dozen/internal/gate"
)

// script plays AWS for one request: for each verb a list of results, of which the last is repeated.
type script map[gate.Verb][]gate.Result

// next is the next result of a verb.
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

// scripted is what came of a request.
type scripted struct {
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

// play runs a request through invocations of 15 minutes, until it is answered. Each call takes 100 ms.
func play(t *testing.T, event gate.Event, lines script) scripted {
	t.Helper()
	out := scripted{calls: map[gate.Verb]int{}}
	c := &clock{now: threeAM}
	state := gate.New(event, c.now)
	for answered := false; !answered; {
		var heir *gate.State
		do := func(_ context.Context, action gate.Action) gate.Result {
			out.calls[action.Verb]++
			c.now = c.now.Add(100 * time.Millisecond)
			switch action.Verb {
			case gate.HandOver:
				heir = action.State
			case gate.PutAnswer:
				out.answer, answered = action.Answer, true
			}
			if action.Verb == gate.StopTask && out.calls[gate.StopTask] == 1 && lines["after the stop"] != nil {
				lines[gate.LookTask] = lines["after the stop"]
			}
			return lines.next(action.Verb)
		}
		if err := gate.Drive(t.Context(), state, c.now.Add(840*time.Second), c, do); err != nil {
			t.Fatal(err)
		}
		if !answered {
			if heir == nil {
				t.Fatal("the gate has neither answered nor handed over")
			}
			state = heir
			out.hops++
		}
	}
	out.took = c.now.Sub(threeAM)
	return out
}

const taskARN = "arn:aws:ecs:eu-west-1:111122223333:task/dev/0b69d5c0d65548a0b1d3ec1d7c1b4ee2"

// request is a plain request with a deadline of 15 minutes.
func requestOf(kind string, change func(properties map[string]any)) gate.Event {
	p := properties(7, 15*time.Minute)
	if change != nil {
		change(p)
	}
	e := gate.Event{
		RequestType: kind, RequestId: "r1", StackId: "arn:aws:cloudformation:eu-west-1:111122223333:stack/dev/1", LogicalResourceId: "Gate",
		ResponseURL: "https://answers.example/", ResourceProperties: p,
	}
	if kind != gate.Create {
		e.PhysicalResourceId = "release-gate-1"
		e.OldResourceProperties = properties(6, 15*time.Minute)
	}
	return e
}

// usual is a day on which all goes well.
func usual() script {
	zero := 0
	return script{
		gate.AskStack:  {{Status: "CREATE_IN_PROGRESS"}},
		gate.StartTask: {{TaskARN: taskARN}},
		gate.LookTask: {
			{},
			{Task: &gate.Task{LastStatus: "PENDING"}},
			{Task: &gate.Task{LastStatus: "RUNNING"}},
			{Task: &gate.Task{LastStatus: "STOPPED", StopCode: "EssentialContainerExited", Containers: []gate.Container{{Name: "release", ExitCode: &zero}}}},
		},
	}
}

func passing(message string) gate.Result { return gate.Result{Fault: &gate.Fault{Message: message}} }
func lasting(message string) gate.Result {
	return gate.Result{Fault: &gate.Fault{Message: message, Lasting: true}}
}
func settling(message string) gate.Result {
	return gate.Result{Fault: &gate.Fault{Message: message, Settling: true}}
}
