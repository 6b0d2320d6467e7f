package rollout

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Prevents every outage that a release can cause by its order: too few tasks, two schedulers, a broken revision left alone,
// a release that never ends.
func TestEveryHistoryKeepsThePromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if err := live(histories().Draw(t, "history"), plan); err != nil {
			t.Fatal(err)
		}
	})
	for seed := range 5000 {
		if err := live(histories().Example(seed), plan); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// The promises have teeth: each of these plans is wrong in one thing, and is found out.
func TestBrokenPlansAreFound(t *testing.T) {
	without := func(unwanted verb) func(state) []action {
		return func(s state) []action {
			return slices.DeleteFunc(plan(s), func(a action) bool { return a.do == unwanted })
		}
	}
	seen := func(change func(*state)) func(state) []action {
		return func(s state) []action {
			s.tasks = slices.Clone(s.tasks)
			change(&s)
			return plan(s)
		}
	}
	eachTask := func(change func(*task)) func(state) []action {
		return seen(func(s *state) {
			for i := range s.tasks {
				change(&s.tasks[i])
			}
		})
	}
	for name, broken := range map[string]func(state) []action{
		"ignores the minimum":         seen(func(s *state) { s.settings.MinimumHealthyPercent = 0 }),
		"ignores the maximum":         seen(func(s *state) { s.settings.MaximumPercent += 100 }),
		"rounds the minimum down":     seen(func(s *state) { s.settings.MinimumHealthyPercent = floorPercent(s) }),
		"forgets stopping tasks":      seen(func(s *state) { s.tasks = slices.DeleteFunc(s.tasks, func(t task) bool { return t.phase == stopping }) }),
		"takes running for healthy":   eachTask(func(t *task) { t.served, t.health = t.phase == running, max(t.health, healthy) }),
		"does not wait for the drain": eachTask(func(t *task) { t.drained = true }),
		"sends SIGTERM at once":       seen(func(s *state) { s.settings.StopOrder = Together }),
		"never deregisters":           seen(func(s *state) { s.balanced = false }),
		"never rolls back":            without(rollBack),
		"has a breaker of one":        seen(func(s *state) { s.settings.FailuresToRollBack = min(1, s.settings.FailuresToRollBack) }),
		"keeps unhealthy tasks":       eachTask(func(t *task) { t.failed = false }),
		"never ends a pause":          without(rest),
		"is steady too early":         early,
		"takes the old for the new":   eachTask(func(t *task) { t.deployment = &deployment{} }),
		"replaces what is wanted":     seen(func(s *state) { s.desired = max(0, s.desired-1) }),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range 3000 {
				if err := live(histories().Example(seed), broken); err != nil {
					return
				}
			}
			t.Error("3000 histories did not find it out")
		})
	}
}

// floorPercent is a percentage whose minimum is what rounding down would give.
func floorPercent(s *state) int {
	return 100 * (s.desired * s.settings.MinimumHealthyPercent / 100) / max(1, s.desired)
}

// early calls it steady while old tasks are still there.
func early(s state) []action {
	actions := plan(s)
	if len(actions) == 0 && s.outcome == underway && s.count(s.current, staying, isHealthy) == s.desired {
		return []action{{do: conclude}}
	}
	return actions
}
