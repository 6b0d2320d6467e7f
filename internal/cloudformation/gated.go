package cloudformation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dozen/internal/gate"
)

// definition returns the task definition that a resource starts, nil if it starts none. A family without a revision is the
// latest revision that is registered.
func (a *Account) definition(p *physical) *physical {
	property := starts[p.Type]
	if isGate(p.node) {
		property = gate.PropertyTaskDefinition
	}
	if property == "" {
		return nil
	}
	named := strings.Trim(p.text(property), "[]")
	if numbers := a.numbersIn(named); len(numbers) > 0 {
		return a.live[numbers[0]]
	}
	var latest *physical
	for _, other := range a.live {
		if other.Type == taskDefinition && other.text("Family") == named && (latest == nil || other.number > latest.number) {
			latest = other
		}
	}
	return latest
}

// releases returns what a task definition starts: the app's image with each database that it works on. The gate names the
// app's container; without a gate every container counts.
func (c *change) releases(definition *physical) []string {
	databases := slices.DeleteFunc(slices.Clone(definition.uses), func(number int) bool { return !database(c.kinds[number]) })
	if len(databases) == 0 {
		databases = []int{0}
	}
	var all []string
	containers, _ := definition.at("ContainerDefinitions").([]any)
	for _, container := range containers {
		named, _ := container.(map[string]any)
		if c.target.gate == nil || c.target.gate.Properties[gate.PropertyContainer] == named["Name"] {
			for _, number := range databases {
				all = append(all, fmt.Sprintf("%v with %s#%d", named["Image"], c.kinds[number], number))
			}
		}
	}
	return all
}

// migrate is a migration that has succeeded.
func (c *change) migrate(definition *physical) {
	for _, release := range c.releases(definition) {
		c.migrated[release] = true
	}
}

// unmigrated returns what a definition starts and no migration has prepared, "" if there is nothing.
func (c *change) unmigrated(definition *physical) string {
	if c.target.gate == nil {
		return ""
	}
	for _, release := range c.releases(definition) {
		if !c.migrated[release] {
			return release
		}
	}
	return ""
}

// checkStart holds I1 for a resource that starts tasks from now on, and I2 for the database that they work on.
func (c *change) checkStart(p *physical) {
	definition := c.definition(p)
	if definition == nil || isGate(p.node) {
		return
	}
	if release := c.unmigrated(definition); release != "" {
		c.violate(Gated, "starts unmigrated", p, "can start %s while %s, and its migration has not succeeded", release, c.phase)
	}
	if p.Type == ecsService {
		c.checkServed(definition)
	}
}

// checkRegistration holds I1 for the commands that were printed, and I3 for families: a new revision concerns both.
func (c *change) checkRegistration(p *physical) {
	if p.Type != taskDefinition {
		return
	}
	family := p.text("Family")
	other := c.first(func(other *physical) bool {
		return other.Type == taskDefinition && other.home != p.home && other.text("Family") == family
	})
	if other != nil {
		c.violate(Unique, "shared family", p, "registers a revision of family %s, which %s has too", family, other)
	}
	release := c.unmigrated(p)
	for _, name := range slices.Sorted(maps.Keys(c.stack.outputs)) {
		prints := strings.Contains(c.stack.outputs[name]+" ", "--task-definition "+family+" ")
		if prints && release != "" && !slices.Contains(c.target.gate.after, p.ID) { // not the migration's own
			c.violate(Gated, "printed command", p, "the command %s starts %s, and its migration has not succeeded", name, release)
		}
	}
}
