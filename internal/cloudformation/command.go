package cloudformation

import (
	"errors"
	"fmt"
	"slices"
)

// Options are what a history adds to a command.
type Options struct {
	// Fault reports whether an event fails. Nil: nothing fails.
	Fault func(Event) bool
	// Removable says that the environment's data may be deleted.
	Removable bool
	// Confirmed lists types of resources whose data the settings give up: an RDS instance that is restored from a snapshot.
	Confirmed []string
	// MayFail says that it is no violation if the command fails by itself: a runbook follows.
	MayFail bool
}

// command is a command of the CDK command line while it runs.
type command struct {
	options     Options
	environment string // names the environment: its first stack
	count       int
	struck      []Event
}

// begin starts a command.
func (a *Account) begin(verb string, e *Environment, options Options) {
	a.command = &command{options: options, environment: e.templates[0].name}
	a.events = append(a.events, Event{Stack: verb + " " + e.templates[0].name})
}

// Deploy is `cdk deploy 'ENVIRONMENT/*'`: the stacks one after the other, until one fails. A stack is skipped if its template
// is the deployed one. One whose creation has failed is deleted first, and one whose rollback has failed is rolled back.
func (a *Account) Deploy(e *Environment, options Options) error {
	a.begin("deploy", e, options)
	for _, t := range e.templates {
		if err := a.deploy(t); err != nil {
			return a.unexpected(Repeated, t, err)
		}
	}
	a.checkReferences(e)
	return nil
}

// deploy is what the command line does with one stack: deployStack and canSkipDeploy of aws-cdk 2.1148.1.
func (a *Account) deploy(t *template) error {
	s := a.stacks[t.name]
	if s != nil && (s.status == RollbackComplete || s.status == RollbackFailed) {
		if err := a.deleteStack(s); err != nil {
			return fmt.Errorf("%s: its creation had failed, and it cannot be deleted: %w", t.name, err)
		}
		s = nil
	}
	if s == nil {
		return a.create(t)
	}
	if a.skips(s, t) {
		return nil
	}
	s.terminationProtection = t.terminationProtection
	switch s.status {
	case DeleteFailed:
		return fmt.Errorf("%s is in %s and can not be updated", t.name, s.status)
	case UpdateRollbackFailed:
		if s.status = s.unfinished.rollBackUpdate(); s.status == UpdateRollbackFailed {
			return fmt.Errorf("%s: its rollback has failed again", t.name)
		}
	}
	return a.update(s, t)
}

// skips reports whether the command line does not deploy a stack, or AWS finds no change.
func (a *Account) skips(s *stack, t *template) bool {
	if s.template.text != t.text || s.terminationProtection != t.terminationProtection {
		return false
	}
	complete := []Status{CreateComplete, UpdateComplete, UpdateRollbackComplete}
	return slices.Contains(complete, s.status) && !a.moved(s, t)
}

// moved reports whether a public parameter of a stack has another value than when it was deployed.
func (a *Account) moved(s *stack, t *template) bool {
	for _, p := range s.resources {
		for i, r := range p.node.properties.references {
			if parameter, is := t.parameters[r.id]; is && r.stack == "" && a.parameter(parameter.Default) != p.values[i] {
				return true
			}
		}
	}
	return false
}

// Destroy is `cdk destroy 'ENVIRONMENT/*'`: the stacks in reverse order, until one fails.
func (a *Account) Destroy(e *Environment, options Options) error {
	a.begin("destroy", e, options)
	for _, t := range slices.Backward(e.templates) {
		if s := a.stacks[t.name]; s != nil {
			if err := a.deleteStack(s); err != nil {
				return a.unexpected(LeftOver, t, err)
			}
		}
	}
	return nil
}

// unexpected records a command that failed although no fault was injected, and returns its error.
func (a *Account) unexpected(invariant Invariant, t *template, err error) error {
	if len(a.command.struck) == 0 && !a.command.options.MayFail {
		a.violations = append(a.violations, Violation{
			Invariant: invariant, Stack: t.name, Rule: "fails", Text: err.Error(), Event: len(a.events), Seed: a.seed,
		})
	}
	return err
}

// LiftTerminationProtection is `aws cloudformation update-termination-protection --no-enable-termination-protection`.
func (a *Account) LiftTerminationProtection(stack string) error {
	s := a.stacks[stack]
	if s == nil {
		return fmt.Errorf("stack %s does not exist", stack)
	}
	s.terminationProtection = false
	return nil
}

// LiftDeletionProtection is `aws rds modify-db-instance --no-deletion-protection` and its kin, for what a stack still has.
func (a *Account) LiftDeletionProtection(stack string) error {
	s := a.stacks[stack]
	if s == nil {
		return fmt.Errorf("stack %s does not exist", stack)
	}
	for _, p := range s.resources {
		p.unprotected = p.unprotected || protectedBy[p.node.Type] != ""
	}
	return nil
}

// DeleteStack is `aws cloudformation delete-stack`.
func (a *Account) DeleteStack(e *Environment, stack string, options Options) error {
	s := a.stacks[stack]
	if s == nil {
		return errors.New("stack " + stack + " does not exist")
	}
	a.begin("delete stack", e, options)
	return a.deleteStack(s)
}
