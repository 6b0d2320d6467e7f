package cloudformation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Options are what a history adds to a command.
type Options struct {
	// Fault reports whether an event fails. Nil: nothing fails.
	Fault func(Event) bool
	// Removable says that the environment's data may be deleted.
	Removable bool
	// Confirmed lists the beginnings of types that the settings give up, with their data and the tasks that work with them:
	// AWS::RDS:: for a restore from a snapshot.
	Confirmed []string
	// Force is `--force`: no stack is skipped because its template has not changed.
	Force bool
	// MayFail says that the command may fail although nothing makes it: a runbook follows.
	MayFail bool
}

// command is a command of the CDK command line while it runs.
type command struct {
	options     Options
	environment string // names the environment: its first stack
	events      int
	struck      []Event
}

func (a *Account) start(verb string, e *Environment, options Options) {
	a.command = command{options: options, environment: e.templates[0].name}
	a.events = append(a.events, Event{Stack: "cdk " + verb + " " + e.templates[0].name})
}

// Deploy is `cdk deploy 'ENVIRONMENT/*'`: the stacks one after the other, until one fails. A stack is skipped if its template
// is the deployed one. One whose creation has failed is deleted first, and one whose rollback has failed is rolled back.
func (a *Account) Deploy(e *Environment, options Options) error {
	a.start("deploy", e, options)
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
	if s != nil && (s.status == "ROLLBACK_COMPLETE" || s.status == "ROLLBACK_FAILED") {
		if err := a.deleteStack(s); err != nil {
			return fmt.Errorf("its creation had failed, and it cannot be deleted: %w", err)
		}
		s = nil
	}
	if s == nil {
		return a.create(t)
	}
	if a.skips(s, t) {
		return nil
	}
	if s.terminationProtection = t.terminationProtection; s.status == "UPDATE_ROLLBACK_FAILED" {
		s.status = s.unfinished.rollBack()
	}
	if s.status == "DELETE_FAILED" || s.status == "UPDATE_ROLLBACK_FAILED" {
		return fmt.Errorf("%s is in %s and can not be updated", t.name, s.status)
	}
	return a.update(s, t)
}

// skips reports whether the command line does not deploy a stack, or AWS finds no change.
func (a *Account) skips(s *stack, t *template) bool {
	complete := []Status{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
	if a.command.options.Force || !slices.Contains(complete, s.status) || s.template.text != t.text ||
		s.terminationProtection != t.terminationProtection {
		return false
	}
	for _, p := range s.resources { // a parameter of AWS's may have moved
		for i, r := range p.properties.references {
			if t.isParameter(r) {
				if now, _ := a.value(s, t, r); now != p.values[i] {
					return false
				}
			}
		}
	}
	return true
}

// Destroy is `cdk destroy 'ENVIRONMENT/*'`: the stacks in reverse order, until one fails.
func (a *Account) Destroy(e *Environment, options Options) error {
	a.start("destroy", e, options)
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
	if len(a.command.struck) == 0 && !a.command.options.MayFail && !errors.Is(err, ErrRefused) {
		a.add(Violation{Invariant: invariant, Rule: "fails", Stack: t.name, Text: err.Error()})
	}
	return err
}

// Clear is what docs/runbooks/FirstDeploymentFailed.md says of a stack whose creation has failed: lift both protections, delete
// the stack, and delete what was retained, which holds no data yet.
func (a *Account) Clear(stack string) error {
	a.command.options.Fault = nil
	a.stacks[stack].terminationProtection = false
	for _, p := range a.stacks[stack].resources {
		p.unprotected = true
	}
	err := a.deleteStack(a.stacks[stack])
	maps.DeleteFunc(a.live, func(_ int, p *physical) bool { return p.home == stack && p.orphan != "" })
	return err
}
