package cloudformation

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// Account is an AWS account in one region, with what was deployed into it.
type Account struct {
	// Cautious makes an update read another stack's outputs only for resources whose own template has changed. What AWS
	// does with the others is not documented.
	Cautious bool

	seed   uint64
	random *rand.Rand
	stacks map[string]*stack
	live   map[int]*physical
	kinds  []string // types of all resources that ever were, by number
	unique map[string]int
	names  map[string][]int // memo of numbersIn

	parameters map[string]int  // how often a parameter of AWS's has moved
	migrated   map[string]bool // an image and a database: image@number
	served     map[string]int  // environment -> the database that its services used last
	snapshots  []string
	byproducts []string // log groups that AWS makes by itself

	command    *command
	events     []event
	violations []Violation
}

// NewAccount returns an empty account. The seed decides the order of everything that CloudFormation does in parallel.
func NewAccount(seed uint64) *Account {
	return &Account{
		seed: seed, random: rand.New(rand.NewPCG(seed, 0)),
		stacks: map[string]*stack{}, live: map[int]*physical{}, unique: map[string]int{}, names: map[string][]int{},
		parameters: map[string]int{}, migrated: map[string]bool{}, served: map[string]int{}, kinds: []string{""},
	}
}

// Status is a stack's status in CloudFormation; empty if the stack does not exist.
type Status string

// The statuses in which an operation can leave a stack.
const (
	None                   Status = ""
	CreateComplete         Status = "CREATE_COMPLETE"
	RollbackComplete       Status = "ROLLBACK_COMPLETE"
	RollbackFailed         Status = "ROLLBACK_FAILED"
	UpdateComplete         Status = "UPDATE_COMPLETE"
	UpdateRollbackComplete Status = "UPDATE_ROLLBACK_COMPLETE"
	UpdateRollbackFailed   Status = "UPDATE_ROLLBACK_FAILED"
	DeleteFailed           Status = "DELETE_FAILED"
)

// stack is a stack that exists.
type stack struct {
	name                  string
	status                Status
	template              *template // nil until the creation has succeeded
	resources             map[string]*physical
	outputs               map[string]string
	terminationProtection bool
	unfinished            *change // the update whose rollback failed
}

// Status returns the status of a stack.
func (a *Account) Status(name string) Status {
	if s := a.stacks[name]; s != nil {
		return s.status
	}
	return None
}

// Publish moves a public parameter, such as the newest machine image of Amazon Linux.
func (a *Account) Publish(parameter string) { a.parameters[parameter]++ }

// Event is one moment of one resource: what a fault can be injected into, and what histories are made of.
type Event struct {
	Number   int // in its command, from 1
	Phase    Phase
	Stack    string
	Resource string // its logical id
	Type     string
	Action   Action
	Moment   Moment
}

type event = Event

// Phase is what CloudFormation is doing with the stack.
type Phase string

// The phases of the operations. A clean-up follows a successful update or its rollback.
const (
	Creating       Phase = "creating"
	Updating       Phase = "updating"
	CleaningUp     Phase = "cleaning up"
	RollingBack    Phase = "rolling back"
	UndoingCleanUp Phase = "cleaning up after the rollback"
	Deleting       Phase = "deleting"
)

// Action is what happens to a resource.
type Action string

// The actions.
const (
	Create  Action = "create"
	Update  Action = "update"
	Replace Action = "replace"
	Delete  Action = "delete"
)

// Moment is when a fault strikes: before anything has happened, or when the resource exists but does not work.
type Moment string

// The moments.
const (
	Start Moment = "start"
	End   Moment = "end"
)

// String returns the event as a line of a history.
func (e Event) String() string {
	return fmt.Sprintf("%4d %s, %s: %s %s (%s), %s", e.Number, e.Stack, e.Phase, e.Action, e.Resource, e.Type, e.Moment)
}

// record notes an event and returns the error that a history injects there.
func (a *Account) record(e Event) error {
	a.command.count++
	e.Number = a.command.count
	a.events = append(a.events, e)
	if fault := a.command.options.Fault; fault != nil && fault(e) {
		a.command.struck = append(a.command.struck, e)
		return fmt.Errorf("%s %s: a fault was injected at its %s while %s", e.Stack, e.Resource, e.Moment, e.Phase)
	}
	return nil
}

// Struck returns the events at which faults were injected in the last command.
func (a *Account) Struck() []Event { return a.command.struck }

// Events returns how many events the last command had.
func (a *Account) Events() int { return a.command.count }

// History returns the last events, each on a line.
func (a *Account) History(last int) string {
	lines := make([]string, 0, last)
	for _, e := range a.events[max(0, len(a.events)-last):] {
		lines = append(lines, e.String())
	}
	return strings.Join(lines, "\n")
}

// sorted returns the live resources in the order in which they were made.
func (a *Account) sorted() []*physical {
	all := make([]*physical, 0, len(a.live))
	for _, number := range slices.Sorted(maps.Keys(a.live)) {
		all = append(all, a.live[number])
	}
	return all
}
