package rollout

import (
	"fmt"

	"pgregory.net/rapid"
)

// history is the life of a service: its settings, and what happens to it.
type history struct {
	settings Settings
	balanced bool
	steps    []step
}

// step is one thing that happens; which chooses among the tasks.
type step struct {
	what  incident
	which int
}

type incident int

const (
	progress     incident = iota // something expected happens: a start, a check, a drain, an exit
	crash                        // a task exits by itself
	flap                         // a healthy task turns unhealthy
	deployGood                   // a release whose tasks turn healthy
	deployCrash                  // a release whose tasks exit after their start
	deploySick                   // a release whose tasks never turn healthy
	deployRefuse                 // a release whose tasks cannot be launched
)

func (i incident) String() string {
	return [...]string{"progress", "crash", "flap", "deploy good", "deploy crashing", "deploy sick", "deploy refused"}[i]
}

// histories generates histories of services whose settings are valid.
func histories() *rapid.Generator[history] {
	often := []incident{progress, progress, progress, progress, progress, progress, progress, progress, progress, progress,
		progress, progress, progress, progress, progress, progress, crash, flap, deployGood, deployCrash, deploySick, deployRefuse}
	return rapid.Custom(func(t *rapid.T) history {
		percents := rapid.SampledFrom([][2]int{{100, 200}, {0, 100}, {50, 100}, {67, 100}, {50, 200}, {34, 150}, {0, 150}}).Draw(t, "percents")
		h := history{
			settings: Settings{
				Name: "web", Desired: rapid.IntRange(0, 5).Draw(t, "desired"),
				MinimumHealthyPercent: percents[0], MaximumPercent: percents[1],
				FailuresToRollBack: rapid.IntRange(0, 3).Draw(t, "failures"),
				ResetOnHealthy:     rapid.Bool().Draw(t, "reset"), Rollback: rapid.IntRange(0, 4).Draw(t, "rollback") > 0,
				StopOrder: StopOrder(rapid.IntRange(0, 2).Draw(t, "order")),
			},
			balanced: rapid.Bool().Draw(t, "balanced"),
		}
		if h.settings.requireRoom() != nil {
			h.settings.Desired = 4
		}
		length := rapid.SampledFrom([]int{5, 20, 60, 150}).Draw(t, "length") // rapid alone makes most slices short
		h.steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{rapid.SampledFrom(often).Draw(t, "what"), rapid.IntRange(0, 29).Draw(t, "which")}
		}), length, length).Draw(t, "steps")
		return h
	})
}

// live plays a history with a planner and then lets everything come to rest. The error is the first broken promise.
func live(h history, planner func(state) []action) error {
	w := newWorld(h, planner)
	w.deploy(deployGood)
	for _, s := range h.steps {
		w.happen(s)
	}
	if w.canSettle() {
		w.calm()
		w.mustBeSettled()
	}
	w.deploy(deployGood) // a good release must always succeed, whatever happened before
	w.calm()
	w.mustBeSettled()
	if w.broken == nil && w.s.outcome != steady {
		w.fail("the last good release ended as %d, not steady", w.s.outcome)
	}
	if w.broken != nil {
		return fmt.Errorf("%w\n%+v balanced=%v\n%s", w.broken, h.settings, h.balanced, w.trail())
	}
	return nil
}
