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
	Repeated Invariant = "I6 repeated"  // without a fault a command succeeds, after a failed first deployment too
	LeftOver Invariant = "I7 left over" // destroying a removable environment leaves the declared list only
	Restored Invariant = "I8 restored"  // a rollback restores what ran
	Unmoved  Invariant = "I9 unmoved"   // what no template changes is not replaced
)

// Violation is a promise that a history has broken.
type Violation struct {
	Invariant             Invariant
	Rule                  string // of the invariant, in a few words
	Stack, Resource, Type string // Resource is a logical id
	Text                  string
	Event                 int // how many events the account had seen
	Seed                  uint64
}

// String returns the violation with its seed.
func (v Violation) String() string {
	return fmt.Sprintf("%s, %s: %s %s (%s) %s [seed %d, event %d]",
		v.Invariant, v.Rule, v.Stack, v.Resource, v.Type, v.Text, v.Seed, v.Event)
}

// Violations returns all that the history has broken so far, in order.
func (a *Account) Violations() []Violation { return a.violations }

func (a *Account) add(v Violation) {
	v.Event, v.Seed = len(a.events), a.seed
	a.violations = append(a.violations, v)
}

// violate records a violation by a resource.
func (a *Account) violate(invariant Invariant, rule string, p *physical, format string, args ...any) {
	a.add(Violation{
		Invariant: invariant, Rule: rule, Stack: p.home, Resource: p.ID, Type: p.Type, Text: fmt.Sprintf(format, args...),
	})
}
