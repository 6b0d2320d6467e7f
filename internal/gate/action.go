package gate

import "time"

// Verb is a thing that the gate can have done.
type Verb string

// The verbs. Each but Wait, HandOver and Finish is one call to AWS, and each may be repeated without harm.
const (
	AskStack      Verb = "ask the stack's status" // Result.Status
	StartSnapshot Verb = "start a snapshot"       // a snapshot of that name exists already: no fault
	LookSnapshot  Verb = "look at the snapshot"   // Result.Status
	StartTask     Verb = "start the task"         // Result.TaskARN
	FindTask      Verb = "find the task"          // Result.TaskARN, empty if there is none
	LookTask      Verb = "look at the task"       // Result.Task, nil if ECS does not know it
	StopTask      Verb = "stop the task"
	ReadLog       Verb = "read the log" // Result.Lines
	PutAnswer     Verb = "answer"       // an answer is there already: no fault
	Wait          Verb = "wait"         // until Action.Until
	HandOver      Verb = "hand over"    // the state goes to the next invocation
	Finish        Verb = "finish"       // nothing is left to do in this invocation
)

// Action is the next thing to do. Which fields count depends on the verb.
type Action struct {
	Verb     Verb
	Settings Settings  // StartSnapshot, LookSnapshot, StartTask, FindTask, LookTask, StopTask, ReadLog
	Event    Event     // AskStack, StartTask, FindTask, PutAnswer
	Snapshot string    // StartSnapshot, LookSnapshot
	TaskARN  string    // LookTask, StopTask, ReadLog
	Reason   string    // StopTask
	Until    time.Time // Wait
	Answer   Answer    // PutAnswer
	State    *State    // HandOver
}

// Result is what came of an action.
type Result struct {
	Fault   *Fault // nil if the call did what its verb says
	Status  string
	TaskARN string
	Task    *Task
	Lines   []string // oldest first
}

// Fault is a call that failed.
type Fault struct {
	// Lasting faults cannot pass by themselves: a permission that is missing, a request that is refused. All
	// others, a lost answer too, are tried again.
	Lasting bool
	// Settling faults are refusals that a role gets in its first moments, until IAM knows its policies everywhere.
	// They are taken for lasting ones after a minute.
	Settling bool
	Message  string // names the call and what AWS said
}

// Task is what ECS says about a task.
type Task struct {
	LastStatus    string
	StopCode      string
	StoppedReason string
	Containers    []Container
}

// Stopped says that ECS has recorded the task's end. A task that fails fast is never seen running.
func (t Task) Stopped() bool { return t.LastStatus == "STOPPED" }

// Container is one container of a Task.
type Container struct {
	Name     string
	ExitCode *int // nil: ECS recorded none; the container has not run, or not to its end
	Reason   string
}
