package cloudformation

import "fmt"

// Invariant is a promise that every history must keep.
type Invariant string

// The invariants.
const (
	Gated    Invariant = "I1 gated"     // nothing can start a new image before its migration has succeeded
	Kept     Invariant = "I2 kept"      // nothing that keeps data is deleted, replaced or emptied unconfirmed
	Unique   Invariant = "I3 unique"    // no unique thing exists twice at once
	InUse    Invariant = "I4 in use"    // nothing in use is deleted, and nothing is used that is not there
	Current  Invariant = "I5 current"   // after a deployment every reference holds what its source holds
	Repeated Invariant = "I6 repeated"  // after a failed first deployment the same command, or a runbook, succeeds
	LeftOver Invariant = "I7 left over" // destroying a removable environment leaves the declared list only
	Restored Invariant = "I8 restored"  // a rollback restores what ran
	Unmoved  Invariant = "I9 unmoved"   // what no template changed is not replaced
)

// Violation is a promise that a history broke.
type Violation struct {
	Invariant Invariant
	Stack     string
	Resource  string // logical id
	Type      string
	Rule      string // of the invariant, in a few words
	Text      string
	Event     int // index of the last event before it, in the account's whole history
	Seed      uint64
}

// String returns the violation with its seed.
func (v Violation) String() string {
	return fmt.Sprintf("%s, %s: %s %s (%s) %s [seed %d, event %d]",
		v.Invariant, v.Rule, v.Stack, v.Resource, v.Type, v.Text, v.Seed, v.Event)
}

// Violations returns all that the history has broken so far, in order.
func (a *Account) Violations() []Violation { return a.violations }

// violate records a violation.
func (a *Account) violate(invariant Invariant, rule string, p *physical, format string, args ...any) {
	a.violations = append(a.violations, Violation{
		Invariant: invariant, Stack: p.home, Resource: p.node.ID, Type: p.node.Type,
		Rule: rule, Text: fmt.Sprintf(format, args...),
		Event: len(a.events), Seed: a.seed,
	})
}
