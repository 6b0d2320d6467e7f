package cloudformation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dozen/internal/gate"
)

func isGate(n *node) bool { return n.Type == gate.ResourceType }

// imagesOf returns the images that a task definition starts, by their containers.
func imagesOf(definition *physical) map[string]string {
	images := map[string]string{}
	containers, _ := definition.at("ContainerDefinitions").([]any)
	for _, container := range containers {
		if c, is := container.(map[string]any); is {
			images[fmt.Sprint(c["Name"])] = fmt.Sprint(c["Image"])
		}
	}
	return images
}

// definition returns the task definition that a resource starts, nil if it starts none. A family without a revision is the
// latest revision that is registered.
func (a *Account) definition(p *physical) *physical {
	property := definitionProperty[p.node.Type]
	if isGate(p.node) {
		property = gate.PropertyTaskDefinition
	}
	if property == "" {
		return nil
	}
	named := p.text(property)
	if numbers := a.numbersIn(named); len(numbers) > 0 {
		return a.live[numbers[0]]
	}
	return a.latest(named)
}

// latest returns the newest task definition of a family.
func (a *Account) latest(family string) *physical {
	var newest *physical
	for _, p := range a.live {
		if p.node.Type == taskDefinition && p.text("Family") == family && (newest == nil || p.number > newest.number) {
			newest = p
		}
	}
	return newest
}

// releases returns what a task definition starts: the app's image with each database that it works on. The gate names the
// app's container; without a gate every container counts.
func (c *change) releases(definition *physical) []string {
	var all []string
	databases := slices.DeleteFunc(slices.Clone(definition.uses), func(number int) bool { return !database(c.kinds[number]) })
	if len(databases) == 0 {
		databases = []int{0}
	}
	for _, container := range slices.Sorted(maps.Keys(definition.images)) {
		if c.target.container != "" && container != c.target.container {
			continue
		}
		for _, number := range databases {
			all = append(all, fmt.Sprintf("%s with %s#%d", definition.images[container], c.kinds[number], number))
		}
	}
	return all
}

// migrate is a migration that has succeeded.
func (c *change) migrate(p *physical) {
	if definition := c.definition(p); definition != nil {
		for _, release := range c.releases(definition) {
			c.migrated[release] = true
		}
	}
}

// migratedByHand stands for a person who runs the migration before each release of a template that has no gate.
func (c *change) migratedByHand() {
	if c.target.gated {
		return
	}
	for _, p := range c.stack.resources {
		if p.node.Type == taskDefinition {
			for _, release := range c.releases(p) {
				c.migrated[release] = true
			}
		}
	}
}

// unmigrated returns what a definition starts and no migration has prepared, "" if there is nothing.
func (c *change) unmigrated(definition *physical) string {
	if !c.target.gated || c.phase == RollingBack && !c.stack.template.gated {
		return ""
	}
	for _, release := range c.releases(definition) {
		if !c.migrated[release] {
			return release
		}
	}
	return ""
}

// checkStart holds I1 for a resource that starts tasks from now on, and I2 for the database that it serves.
func (c *change) checkStart(p *physical) {
	if definitionProperty[p.node.Type] == "" {
		return
	}
	definition := c.definition(p)
	if definition == nil {
		return
	}
	if release := c.unmigrated(definition); release != "" {
		c.violate(Gated, "starts unmigrated", p, "can start %s while %s, and its migration has not succeeded", release, c.phase)
	}
	if p.node.Type == ecsService {
		c.checkServed(definition)
	}
}

// checkRegistration holds I1 for the commands that were printed, and I3 for families: both concern a new revision.
func (c *change) checkRegistration(p *physical) {
	if p.node.Type != taskDefinition {
		return
	}
	family := p.text("Family")
	for _, other := range c.sorted() {
		if other.node.Type == taskDefinition && other.home != p.home && other.text("Family") == family {
			c.violate(Unique, "shared family", p, "registers a revision of family %s, which %s has too", family, other.describe())
			break
		}
	}
	release := c.unmigrated(p)
	if release == "" {
		return
	}
	for _, command := range c.stack.outputs {
		if strings.Contains(command+" ", "--task-definition "+family+" ") {
			c.violate(Gated, "printed command", p, "the printed command %.60q starts %s, and its migration has not succeeded", command, release)
			break
		}
	}
}
