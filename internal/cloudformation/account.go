package cloudformation

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Account is an AWS account in one region, with what was deployed into it.
type Account struct {
	// Cautious makes an update read another stack's outputs only for resources whose own template has changed. What AWS does
	// with the others is not documented.
	Cautious bool

	seed       uint64
	random     *rand.Rand
	stacks     map[string]*stack
	live       map[int]*physical
	kinds      []string       // types of all resources that ever were, by number
	unique     map[string]int // what must be unique -> who has it
	parameters map[string]int // how often a parameter of AWS's has moved
	migrated   map[string]bool
	served     map[string]int // environment -> the database that its services used last
	leftovers  []string       // snapshots, and log groups that AWS makes by itself
	command    command
	events     []Event
	violations []Violation
	names      map[string][]int // memo of numbersIn
}

// NewAccount returns an empty account. The seed decides the order of everything that CloudFormation does in parallel.
func NewAccount(seed uint64) *Account {
	return &Account{
		seed: seed, random: rand.New(rand.NewPCG(seed, 0)),
		stacks: map[string]*stack{}, live: map[int]*physical{}, kinds: []string{""}, unique: map[string]int{},
		parameters: map[string]int{}, migrated: map[string]bool{}, served: map[string]int{}, names: map[string][]int{},
	}
}

// Publish moves a public parameter, such as the newest machine image of Amazon Linux.
func (a *Account) Publish(parameter string) { a.parameters[parameter]++ }

// Status returns the status of a stack, empty if it does not exist.
func (a *Account) Status(name string) Status {
	if s := a.stacks[name]; s != nil {
		return s.status
	}
	return ""
}

// Leftovers returns what exists and no stack owns, and what AWS has made by itself, sorted.
func (a *Account) Leftovers() []string {
	all := slices.Clone(a.leftovers)
	for _, p := range a.live {
		if p.orphan != "" {
			all = append(all, fmt.Sprintf("%s, %s", p, p.orphan))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// first returns the oldest live resource that fits, nil if none does.
func (a *Account) first(fits func(*physical) bool) *physical {
	var oldest *physical
	for _, p := range a.live {
		if (oldest == nil || p.number < oldest.number) && fits(p) {
			oldest = p
		}
	}
	return oldest
}
