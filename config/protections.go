package config

import "fmt"

// Relied reports whether people rely on an environment: it is neither Removable nor Small. A protection that is switched off
// there is probably a mistake.
func (e Environment) Relied() bool { return !e.Removable && !e.Small }

// Unprotected says which protections are switched off in an environment that people rely on, and what that means: one sentence
// for each, with its field and the remedy. Each is a warning of every synthesis. Elsewhere it says nothing: there they are off
// on purpose.
func (e Environment) Unprotected() []string {
	if !e.Relied() {
		return nil
	}
	var warnings []string
	warn := func(off bool, field string, value any, meaning string) {
		if off {
			warnings = append(warnings, fmt.Sprintf("environment %q: %s is %v: %s. Switch it on, or declare the environment Small.",
				e.Name, field, value, meaning))
		}
	}
	warn(!e.DeletionProtection, "DeletionProtection", false, "one command deletes the database, and the stack around it")
	made := e.Database.Existing == nil // what is attached has another owner
	nodes := !e.Cache.Off && e.Cache.Existing == nil && !e.Cache.Serverless
	warn(made && !e.Database.MultiAZ, "Database.MultiAZ", false, "if the database's zone or machine fails, the application is down "+
		"until AWS has brought it back")
	warn(made && e.Database.RotationDays == 0, "Database.RotationDays", 0, "a password that has leaked opens the database until "+
		"somebody changes it")
	warn(nodes && e.Cache.Replicas == 0, "Cache.Replicas", 0, "if the cache's node fails, every user is logged out, and waits until "+
		"AWS has replaced it")
	warn(e.Network.Existing == nil && !e.Network.FlowLogs, "Network.FlowLogs", false, "after an intrusion nobody can see which addresses "+
		"were connected to")
	return warnings
}
