package config

import (
	"fmt"
	"maps"
	"slices"
)

// AliasLabel begins the labels of the app's container that tell which variable repeats which: the rest of the label is the app's
// name, its value is Dozen's. `dozen up` gives some variables other values, and their aliases too.
const AliasLabel = "dozen.alias."

func (e Environment) validateAliases(p *problems) {
	ours := e.Variables()
	for _, name := range slices.Sorted(maps.Keys(e.Aliases)) {
		field, variable := fmt.Sprintf("Aliases[%q]", name), e.Aliases[name]
		_, setting := e.Settings[name]
		_, secret := e.Secrets[name]
		p.require(variableForm.MatchString(name), field, name, "not the name of an environment variable", variableRemedy)
		p.require(!slices.Contains(ReservedVariables(), name), field, name, "Dozen sets this variable itself",
			"put the app's own name first, and Dozen's second")
		p.require(!slices.Contains(platformVariables, name), field, name,
			"ECS or AWS's SDKs set or read this variable, and another value cuts the task off from AWS", "remove it")
		p.require(!setting && !secret, field, name, "also in Settings or Secrets", "remove one of the two")
		p.require(slices.Contains(ours, variable), field, variable, "no process of this environment gets such a variable from Dozen",
			"write one of "+listed(ours))
	}
}
