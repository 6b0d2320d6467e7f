package test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dozen/internal/cloudformation"
)

// effect is what a deployment from one mode to another does.
type effect struct {
	actions   []string // on each resource, without what differs from environment to environment
	moved     map[string]bool
	confirmed bool // it needs lines in Confirm
	refused   bool // it is refused whatever is in Confirm
}

// effectOf plays a change, and then the same deployment again: that must change nothing, and its diff is empty.
func effectOf(from, to *mode) (e effect) {
	h := newHistory(1)
	must(h.deploy(from, from, false))
	var confirm []string
	for {
		e.actions = nil
		err := h.account.Deploy(to.release(1), recording(h.options(from, to, confirm...), &e.actions))
		lines := confirmations(err)
		if !errors.Is(err, cloudformation.ErrRefused) {
			must(err)
			break
		}
		if e.confirmed || len(lines) == 0 {
			return effect{refused: true}
		}
		e.confirmed, confirm, to = true, lines, to.confirming(lines)
	}
	var again []string
	must(h.account.Deploy(to.release(1), recording(h.options(to, to), &again)))
	if len(again) > 0 {
		panic(fmt.Sprintf("%s to %s: a second deployment changes %q", from.name, to.name, again))
	}
	slices.Sort(e.actions)
	e.actions = slices.Compact(e.actions)
	e.moved = moved(from, to)
	return e
}

// moved returns the services whose tasks ECS replaces although their definition stays: where they run is another.
func moved(from, to *mode) map[string]bool {
	all := map[string]bool{}
	before := from.assembly().services
	for _, service := range to.assembly().services.resources() {
		if service.Type == "AWS::ECS::Service" && before.Resources[service.ID] != nil {
			for _, property := range []string{"CapacityProviderStrategy", "NetworkConfiguration"} {
				if plain(service.get(property)) != plain(before.resource(service.ID).get(property)) {
					name, _, _ := strings.Cut(service.ID, "Service")
					all[name] = true
				}
			}
		}
	}
	return all
}

// recording adds to the options that each action is noted.
func recording(options cloudformation.Options, actions *[]string) cloudformation.Options {
	options.Fault = func(e cloudformation.Event) bool {
		cleansUp := e.Phase == cloudformation.CleaningUp && e.Type == "AWS::ECS::TaskDefinition" // after each replacement
		if !e.End && !cleansUp && e.Phase != cloudformation.RollingBack {
			stack := e.Stack[strings.LastIndex(e.Stack, "-")+1:]
			*actions = append(*actions, fmt.Sprintf("%s %s/%s %s", e.Action, stack, varying.ReplaceAllString(e.Resource, ""), e.Type))
		}
		return false
	}
	return options
}

// does reports whether an action is on a resource of a type.
func (e effect) does(action, resourceType string) bool {
	return slices.ContainsFunc(e.actions, func(a string) bool {
		return strings.HasPrefix(a, action+" ") && strings.HasSuffix(a, " "+resourceType)
	})
}

// String says in a few words what the change does.
func (e effect) String() string {
	if e.refused {
		return "refused"
	}
	var words []string
	add := func(is bool, text string) {
		if is {
			words = append(words, text)
		}
	}
	add(e.confirmed, "needs Confirm")
	database := e.does("delete", "AWS::RDS::DBInstance") || e.does("delete", "AWS::RDS::DBCluster")
	add(database, "another database")
	add(e.does("create", "AWS::ElastiCache::ServerlessCache") || e.does("create", "AWS::ElastiCache::ReplicationGroup"), "another cache")
	switch tasks := e.newTasks(); {
	case len(tasks) > 1:
		words = append(words, "new tasks")
	case len(tasks) == 1:
		words = append(words, "new tasks of "+tasks[0])
	case len(e.actions) > 0:
		add(len(words) == 0 || e.confirmed && len(words) == 1, "in place")
	default:
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// newTasks returns the services whose tasks are replaced.
func (e effect) newTasks() []string {
	var all []string
	for _, name := range []string{"Web", "Worker", "Scheduler", "Release"} {
		if e.moved[name] || slices.Contains(e.actions, "replace Services/"+name+"ProcessTask AWS::ECS::TaskDefinition") {
			all = append(all, strings.ToLower(strings.Replace(name, "Release", "migration", 1)))
		}
	}
	return all
}

// effects returns what changing a setting does, from the tier and back, over the modes of an ordinary run.
func (s trial) effects() string {
	var words []string
	for _, name := range strings.Fields(s.tiers) {
		from, to := modes()[name], modes()[name+"+"+s.field]
		there, back := effectOf(from, to), effectOf(to, from)
		text := there.String()
		switch {
		case back.refused && !there.refused:
			text += "; the way back is refused"
		case back.confirmed && !there.confirmed && !there.refused:
			text += "; the way back needs Confirm"
		}
		if !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	return strings.Join(words, "; or ")
}

// effectsOf returns what changing a setting of docs/settings.md does.
func effectsOf(name string) string {
	name = strings.Replace(name, `["worker"]`, "", 1)
	switch {
	case name == "Application" || name == "Name":
		return "another environment; this one stays"
	case name == "Migration.SpotPercent":
		return "refused"
	case slices.Contains(untried, name):
		return "nothing"
	case strings.HasPrefix(name, "Domain."):
		name = "Domain"
	case strings.HasPrefix(name, "Workers.Source."):
		name = "Workers.Source"
	}
	effects := tried[slices.IndexFunc(tried, func(s trial) bool { return s.field == name })].effects()
	if name == "Account" || name == "Region" {
		effects += "; where it is not deployed yet: another environment"
	}
	return effects
}

// Only what is listed changes with a setting. The list is a snapshot: `make snapshots` rewrites it.
func TestOnlyTheNamedResourcesChange(t *testing.T) {
	if testing.Short() {
		t.Skip("synthesizes many environments")
	}
	var text strings.Builder
	for _, s := range tried {
		for _, name := range strings.Fields(s.tiers) {
			e := effectOf(modes()[name], modes()[name+"+"+s.field])
			fmt.Fprintf(&text, "%s in %s: %s\n", s.field, name, e)
			for _, action := range e.actions {
				fmt.Fprintf(&text, "\t%s\n", action)
			}
		}
	}
	compareText(t, "test/snapshots/changes.txt", []byte(text.String()))
}
