package gate

import "time"

// Verb names an action.
type Verb string

// The verbs. Each but Wait, HandOver and Finish is one call to AWS, and each may be repeated without harm.
const (
	CheckStack     Verb = "check the stack's status" // Result.Status
	StartSnapshot  Verb = "start the snapshot"       // no fault if a snapshot of that name exists
	CheckSnapshot  Verb = "check the snapshot"       // Result.Status
	ListSnapshots  Verb = "list the snapshots"       // Result.Snapshots, the manual ones of the account
	DeleteSnapshot Verb = "delete the snapshot"
	StartTask      Verb = "start the task" // Result.TaskARN
	FindTask       Verb = "find the task"  // Result.TaskARN, empty if there is no task
	CheckTask      Verb = "check the task" // Result.Task, nil if ECS does not know it
	StopTask       Verb = "stop the task"
	ReadLog        Verb = "read the log" // Result.Lines
	PutAnswer      Verb = "answer"       // no fault if the request has been answered
	Wait           Verb = "wait"         // until Action.Until
	HandOver       Verb = "hand over"    // pass the state to the next invocation
	Finish         Verb = "finish"       // this invocation has nothing left to do
)

// Action is the next thing to do. Its verb decides which other fields are set.
type Action struct {
	Verb     Verb
	Settings Settings  // StartSnapshot, CheckSnapshot, ListSnapshots, DeleteSnapshot, StartTask, FindTask, CheckTask, StopTask, ReadLog
	Event    Event     // CheckStack, StartTask, FindTask, PutAnswer
	Snapshot string    // StartSnapshot, CheckSnapshot, DeleteSnapshot
	TaskARN  string    // CheckTask, StopTask, ReadLog
	Reason   string    // StopTask
	Until    time.Time // Wait
	Answer   Answer    // PutAnswer
	State    *State    // HandOver
}

// Result is the outcome of an action.
type Result struct {
	Fault     *Fault // nil if the call succeeded
	Status    string
	TaskARN   string
	Task      *Task
	Lines     []string // oldest first
	Snapshots []Snapshot
}

// Fault is a call to AWS that failed.
type Fault struct {
	// Lasting faults do not pass by themselves: a missing permission, a request that AWS rejects. All others are
	// retried, lost responses too.
	Lasting bool
	// Settling faults are what a new role gets until IAM knows its policies everywhere. They count as lasting after
	// a minute.
	Settling bool
	Message  string // names the call and what AWS said
}

// Task is what ECS reports about a task.
type Task struct {
	LastStatus    string
	StopCode      string
	StoppedReason string
	Containers    []Container
}

// Stopped reports whether ECS has recorded the task's end. A task that fails fast is never seen running.
func (t Task) Stopped() bool { return t.LastStatus == "STOPPED" }

// Container is one container of a Task.
type Container struct {
	Name     string
	ExitCode *int // nil if ECS recorded no exit code: the container has not run, or not to its end
	Reason   string
}
