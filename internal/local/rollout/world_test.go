package rollout

import (
	"fmt"
	"slices"
	"strings"
)

// world is everything around a service's state. It makes things happen, lets the planner react, and judges each action
// by its own records:
//
//	happen ─► event ─► state ─► plan ─► judge ─► done ─► afterwards
//	                     ▲                         │
//	                     └───────── react ─────────┘  until plan returns nothing
type world struct {
	s        state
	plan     func(state) []action
	kinds    map[string]incident // of each release
	latest   incident
	failures int // that happened to the primary deployment
	pauses   []struct {
		of      *deployment
		strikes int
	}
	deregistered, terminated, ran map[int]bool
	picked                        int
	log                           []string
	broken                        error
}

func newWorld(h history, plan func(state) []action) *world {
	return &world{
		s:    state{settings: h.settings, balanced: h.balanced, outcome: steady},
		plan: plan, kinds: map[string]incident{},
		deregistered: map[int]bool{}, terminated: map[int]bool{}, ran: map[int]bool{},
	}
}

func (w *world) fail(format string, args ...any) {
	if w.broken == nil {
		w.broken = fmt.Errorf(format, args...)
	}
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) trail() string { return strings.Join(w.log[max(0, len(w.log)-60):], "\n") }

func (w *world) happen(s step) {
	if w.broken != nil {
		return
	}
	w.note("%s %d", s.what, s.which)
	var crashable []*task
	for i := range w.s.tasks {
		if w.s.tasks[i].phase >= running {
			crashable = append(crashable, &w.s.tasks[i])
		}
	}
	switch s.what {
	case progress:
		w.progress(s.which)
		return
	case crash:
		if len(crashable) > 0 {
			w.exit(crashable[s.which%len(crashable)])
		}
	case flap:
		if len(crashable) > 0 {
			if t := crashable[s.which%len(crashable)]; t.health == healthy && w.s.balanced {
				w.check(t, unhealthy)
			}
		}
	default:
		w.deploy(s.what)
		return
	}
	w.react()
}

func (w *world) deploy(kind incident) {
	release := fmt.Sprintf("r%d", len(w.kinds))
	w.kinds[release], w.latest, w.failures = kind, kind, 0
	w.note("deploy %s (%s)", release, kind)
	w.s.deployed(release)
	w.react()
}

// progress lets one of the expected things happen. It returns false if there are none.
func (w *world) progress(which int) bool {
	var events []func()
	for i := range w.s.tasks {
		t := &w.s.tasks[i]
		if event := w.next(t); event != nil {
			events = append(events, event)
		}
		if t.phase == running && !t.graceOver && w.s.balanced {
			events = append(events, func() { w.endGrace(t) })
		}
		if t.phase >= draining && w.deregistered[t.number] && !t.drained {
			events = append(events, func() { w.note("%d drained", t.number); w.s.drained(t.number) })
		}
	}
	for i, p := range w.pauses {
		events = append(events, func() {
			w.note("pause over")
			w.pauses = slices.Delete(w.pauses, i, i+1)
			w.s.pauseEnded(p.of, p.strikes)
		})
	}
	if len(events) == 0 {
		return false
	}
	events[which%len(events)]()
	w.react()
	return true
}

// next returns what a task of its kind does next, or nil.
func (w *world) next(t *task) func() {
	kind := w.kinds[t.deployment.release]
	switch {
	case t.phase == stopping || t.phase == launching && kind == deployRefuse || t.phase == running && kind == deployCrash:
		return func() { w.exit(t) }
	case t.phase == launching:
		return func() { w.note("%d runs", t.number); w.ran[t.number] = true; w.s.launched(t.number) }
	case t.phase == running && kind == deploySick && t.health != unhealthy && w.s.balanced:
		return func() { w.check(t, unhealthy) }
	case t.phase == running && kind == deploySick && !w.s.balanced:
		return func() { w.exit(t) } // without a balancer, only an exit is a failure
	case t.phase == running && kind == deployGood && t.health != healthy && !t.failed:
		return func() { w.check(t, healthy) }
	}
	return nil
}

func (w *world) exit(t *task) {
	w.note("%d exits", t.number)
	if !t.leaving() && t.deployment == w.s.primary {
		w.failures++
	}
	w.s.exited(t.number, "exit code 1")
}

func (w *world) check(t *task, is health) {
	w.note("%d is %d", t.number, is)
	if is == unhealthy && t.graceOver && t.deployment == w.s.primary {
		w.failures++
	}
	w.s.checked(t.number, is, "")
}

func (w *world) endGrace(t *task) {
	w.note("%d is past its grace", t.number)
	if t.health == unhealthy && t.deployment == w.s.primary {
		w.failures++
	}
	w.s.graceEnded(t.number)
}

// react carries out plans until nothing is left to do.
func (w *world) react() {
	for range 1000 {
		actions := w.plan(w.s)
		if len(actions) == 0 || w.broken != nil {
			return
		}
		for _, a := range actions {
			w.note("    -> %d %d", a.do, a.task)
			w.judge(a)
			w.s.done(a)
			w.afterwards(a)
		}
	}
	w.fail("the plan never ends")
}

// calm lets all expected things happen.
func (w *world) calm() {
	for range 5000 {
		w.picked = (w.picked*1103515245 + 12345) & 0x7fffffff
		if w.broken != nil || !w.progress(w.picked>>8) {
			return
		}
	}
	w.fail("it never comes to rest")
}

// canSettle reports whether the service can end with a good release. It cannot if the last release is broken and the
// breaker is off or does not roll back, or if no task is desired, because then a broken release is steady too.
func (w *world) canSettle() bool {
	if w.s.outcome == halted || w.s.lastSteady != nil && w.kinds[w.s.lastSteady.release] != deployGood {
		return false
	}
	return w.latest == deployGood || w.s.settings.FailuresToRollBack > 0 && w.s.settings.Rollback
}
