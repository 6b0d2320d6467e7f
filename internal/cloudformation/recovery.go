package cloudformation

import "fmt"

// Runbook is what a person does when the same command does not succeed again, by the stack that it names.
type Runbook map[string][]Remedy

// Remedy is one command of a runbook.
type Remedy func(a *Account, e *Environment, stack string, options Options) error

// The remedies.
var (
	LiftTermination Remedy = func(a *Account, _ *Environment, stack string, _ Options) error {
		return a.LiftTerminationProtection(stack)
	}
	LiftDeletion Remedy = func(a *Account, _ *Environment, stack string, _ Options) error {
		return a.LiftDeletionProtection(stack)
	}
	Remove Remedy = func(a *Account, e *Environment, stack string, options Options) error {
		return a.DeleteStack(e, stack, options)
	}
)

// CheckRepeated holds I6 after a failed first deployment whose cause is gone: the same command succeeds, or does so after
// the runbook of the stack in its way, and nothing of the failed attempts is left.
func (a *Account) CheckRepeated(e *Environment, options Options, runbook Runbook) {
	options.Fault = nil
	for range len(e.templates) + 1 {
		stack := a.obstacle(e)
		options.MayFail = stack != "" && runbook[stack] != nil
		if a.Deploy(e, options) == nil {
			break
		}
		if !options.MayFail {
			return // Deploy has recorded it
		}
		for _, remedy := range runbook[stack] {
			if err := remedy(a, e, stack, options); err != nil {
				a.violations = append(a.violations, Violation{
					Invariant: Repeated, Stack: stack, Rule: "runbook fails", Text: err.Error(), Event: len(a.events), Seed: a.seed,
				})
				return
			}
		}
	}
	for _, p := range a.sorted() {
		if p.orphan != "" && p.environment == e.templates[0].name {
			a.violate(Repeated, "orphaned", p, "%s, and the repeated deployment has made another one", p.orphan)
		}
	}
}

// obstacle returns the stack that the next deployment has to delete first, "" if there is none.
func (a *Account) obstacle(e *Environment) string {
	for _, t := range e.templates {
		switch a.Status(t.name) {
		case RollbackComplete, RollbackFailed, DeleteFailed:
			return t.name
		}
	}
	return ""
}

// CheckDestroyed holds I7 after an environment was destroyed: what is left is declared. A declaration is a function that
// reports whether something may stay.
func (a *Account) CheckDestroyed(declared func(leftover string) bool) {
	for _, leftover := range a.Leftovers() {
		if !declared(leftover) {
			a.violations = append(a.violations, Violation{
				Invariant: LeftOver, Rule: "undeclared", Text: leftover, Event: len(a.events), Seed: a.seed,
			})
		}
	}
}

// Nth is a fault at the n-th event of a command, if it has so many.
func Nth(n int) func(Event) bool {
	return func(e Event) bool { return e.Number == n }
}

// On is a fault at a moment of every resource whose logical id or type is the given one, in one phase.
func On(name string, moment Moment, phase Phase) func(Event) bool {
	return func(e Event) bool {
		return (e.Resource == name || e.Type == name) && e.Moment == moment && e.Phase == phase
	}
}

// Describe writes the violations for a person.
func Describe(violations []Violation) string {
	text := ""
	for _, v := range violations {
		text += fmt.Sprintln(v)
	}
	return text
}
