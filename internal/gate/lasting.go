package gate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// LastingType is the type of the custom resource that guards the lasting settings of an environment: those that a deployed
// environment cannot change freely, because a change would lose data, cut off running tasks, or fail half-way. It is the
// first resource of its stack, so that a change that it refuses has touched nothing.
const LastingType = "Custom::LastingSettings"

// The properties of LastingType.
const (
	// PropertyLasting lists the lasting settings: each with its name, its value and, under one of the rules, with what a
	// change to that value does.
	PropertyLasting = "Lasting"
	// PropertyRestoredFrom names the snapshot that the database comes from.
	PropertyRestoredFrom = "RestoredFrom"
	// PropertyConfirm lists the changes that the team has confirmed, each as Setting=value.
	PropertyConfirm = "Confirm"

	PropertyName  = "Name"
	PropertyValue = "Value"
	// RuleNever: a deployed environment cannot change to this value.
	RuleNever = "Never"
	// RuleConfirm: it can, once somebody has confirmed what the change does.
	RuleConfirm = "Confirm"
	// RuleRestore: the same, and restoring the first snapshot in the same deployment is a confirmation: then the data is
	// that of the snapshot.
	RuleRestore = "Restore"
	// RuleShrink: a smaller number needs a confirmation.
	RuleShrink = "Shrink"
	// RuleLose: a comma-separated list that loses an item needs a confirmation.
	RuleLose = "Lose"
	// RuleGrow: a number may only grow, by a tenth or more.
	RuleGrow = "Grow"
)

// refusedChanges returns what the new properties change and may not, in the order of the settings' names: a line for each
// change, with what to do. A setting that only one side has was introduced or given up by a new version of Dozen.
func refusedChanges(before, now map[string]any) []string {
	var refused []string
	was, is := lasting(before), lasting(now)
	from, _ := before[PropertyRestoredFrom].(string)
	to, _ := now[PropertyRestoredFrom].(string)
	restored := from == "" && to != "" // another snapshot than before may also be an old one, from an old commit
	for _, name := range slices.Sorted(maps.Keys(is)) {
		old, change := was[name], is[name]
		if old == nil || old[PropertyValue] == change[PropertyValue] {
			continue
		}
		line := fmt.Sprintf("%s is %q in the deployed environment and %q now: ", name, old[PropertyValue], change[PropertyValue])
		confirmation := name + "=" + change[PropertyValue]
		never, consequence := change[RuleNever], change[RuleConfirm]
		if !restored && !grows(old[PropertyValue], change[PropertyValue]) {
			never += change[RuleGrow]
		}
		if !restored {
			consequence += change[RuleRestore]
		}
		if shrinks(old[PropertyValue], change[PropertyValue]) {
			consequence += change[RuleShrink]
		}
		if loses(old[PropertyValue], change[PropertyValue]) {
			consequence += change[RuleLose]
		}
		switch {
		case never != "":
			refused = append(refused, line+never)
		case consequence != "" && !slices.Contains(confirmed(now), confirmation):
			refused = append(refused, line+consequence+
				fmt.Sprintf(". If that is what you want, add %q to the environment's Confirm and deploy again", confirmation))
		}
	}
	return refused
}

// shrinks reports whether a number becomes smaller.
func shrinks(before, now string) bool {
	old, err := strconv.Atoi(before)
	smaller, err2 := strconv.Atoi(now)
	return err == nil && err2 == nil && smaller < old
}

// loses reports whether an item of a list is missing now.
func loses(before, now string) bool {
	items := strings.Split(now, ",")
	return before != "" && slices.ContainsFunc(strings.Split(before, ","), func(item string) bool { return !slices.Contains(items, item) })
}

// grows reports whether a number grows by a tenth or more.
func grows(before, now string) bool {
	old, err := strconv.Atoi(before)
	grown, err2 := strconv.Atoi(now)
	return err == nil && err2 == nil && 10*grown >= 11*old
}

// lasting reads PropertyLasting. What CloudFormation sends holds only strings, maps and lists.
func lasting(properties map[string]any) map[string]map[string]string {
	all := map[string]map[string]string{}
	settings, _ := properties[PropertyLasting].([]any)
	for _, setting := range settings {
		fields, _ := setting.(map[string]any)
		texts := map[string]string{}
		for field, value := range fields {
			texts[field], _ = value.(string)
		}
		all[texts[PropertyName]] = texts
	}
	return all
}

func confirmed(properties map[string]any) []string {
	var all []string
	lines, _ := properties[PropertyConfirm].([]any)
	for _, line := range lines {
		text, _ := line.(string)
		all = append(all, text)
	}
	return all
}

// RefusedChange returns why an update of the custom resource LastingType is refused, empty if it is not.
func RefusedChange(before, now map[string]any) string {
	return strings.Join(refusedChanges(before, now), ". ")
}

// guardLasting is New for a request of LastingType. A change that looks wrong is a way back if the stack rolls back, so
// the gate asks before it refuses.
func (s *State) guardLasting() *State {
	s.Deadline = s.Deadline.Add(MinDeadline)
	if s.Event.RequestType == Update {
		s.Refused = RefusedChange(s.Event.OldResourceProperties, s.Event.ResourceProperties)
	}
	if s.Refused != "" {
		s.Phase = asking
		return s
	}
	s.Verdict = &Verdict{Success: true, Problem: "no lasting setting changes unconfirmed"}
	return s
}

// decideLasting refuses the change unless the stack rolls back. If CloudFormation does not say, it refuses too: a person can
// continue a rollback, and nobody can bring back lost data.
func (s *State) decideLasting(stack operation) {
	s.Verdict = &Verdict{Problem: s.Refused, Remedy: "docs/settings.md says what a change of each setting does."}
	if stack == rollingBack {
		s.Verdict = &Verdict{Success: true, Problem: "this is a rollback: the environment was like this before"}
	}
}
