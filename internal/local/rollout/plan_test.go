package rollout

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Prevents every outage that the order of steps in a release can cause: too few tasks, two schedulers, only broken
// tasks, a release that never ends.
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

// The promises have teeth: each of these plans has one defect, and the promises find it.
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
		"never ends a pause":          without(beginPause),
		"is steady too early":         early,
		"takes new tasks for old":     eachTask(func(t *task) { t.deployment = &deployment{} }),
		"wants too few":               seen(func(s *state) { s.settings.Desired = max(0, s.settings.Desired-1) }),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range 3000 {
				if err := live(histories().Example(seed), broken); err != nil {
					return
				}
			}
			t.Error("3000 histories did not find the defect")
		})
	}
}

// floorPercent returns a percentage whose minimum is the one that rounding down would give.
func floorPercent(s *state) int {
	return 100 * (s.settings.Desired * s.settings.MinimumHealthyPercent / 100) / max(1, s.settings.Desired)
}

// early is a plan that concludes while old tasks are still there.
func early(s state) []action {
	actions := plan(s)
	if len(actions) == 0 && s.outcome == underway && s.count(s.current, staying, isHealthy) == s.settings.Desired {
		return []action{{do: conclude}}
	}
	return actions
}
