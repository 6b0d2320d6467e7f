package rollout

// judge holds an action against what a service promises, before the action is done.
func (w *world) judge(a action) {
	t := w.s.find(a.task)
	lower, upper := w.s.settings.bounds(w.s.desired)
	switch a.do {
	case start:
		if len(w.s.tasks)+1 > upper {
			w.fail("%d tasks exist: the maximum is %d of %d", len(w.s.tasks)+1, upper, w.s.desired)
		}
		if w.s.count(w.s.current, staying) >= w.s.desired {
			w.fail("a task too many was started")
		}
	case deregister, terminate:
		if t == nil {
			w.fail("task %d is to go and does not exist", a.task)
			return
		}
		if !t.leaving() {
			w.judgeFarewell(t, lower)
		}
		w.judgeOrder(a, t)
	case rollBack:
		if w.failures < w.s.settings.FailuresToRollBack {
			w.fail("rolled back after %d failures", w.failures)
		}
	case conclude:
		w.judgeEnd()
	}
}

// judgeFarewell: a healthy task goes only when enough others are healthy, and a wanted one never.
func (w *world) judgeFarewell(t *task, lower int) {
	if w.s.primary == nil || t.failed {
		return
	}
	if t.health == healthy && w.s.count(staying, isHealthy)-1 < lower {
		w.fail("task %d goes, and %d healthy ones are left: the minimum is %d", t.number, w.s.count(staying, isHealthy)-1, lower)
	}
	if w.s.current(t) && w.s.count(w.s.current, staying) <= w.s.desired {
		w.fail("task %d goes, and is wanted", t.number)
	}
}

// judgeOrder: each step of leaving once, and SIGTERM when the stop order allows it.
func (w *world) judgeOrder(a action, t *task) {
	done := w.deregistered
	if a.do == terminate {
		done = w.terminated
		first := w.s.balanced && w.ran[t.number] && w.s.settings.StopOrder == DeregisterFirst
		if first && (!w.deregistered[t.number] || !t.drained) {
			w.fail("task %d gets SIGTERM before it is deregistered and drained", t.number)
		}
	}
	if done[t.number] {
		w.fail("task %d leaves twice", t.number)
	}
	done[t.number] = true
}

// judgeEnd: steady is steady, and no broken revision serves alone.
func (w *world) judgeEnd() {
	if w.s.primary == nil {
		if len(w.s.tasks) > 0 {
			w.fail("abandoned, and %d tasks are left", len(w.s.tasks))
		}
		return
	}
	good := w.s.count(w.s.current, staying, isHealthy)
	if good != w.s.desired || len(w.s.tasks) != good {
		w.fail("called steady with %d good tasks of %d, %d wanted", good, len(w.s.tasks), w.s.desired)
	}
	if good > 0 && w.kinds[w.s.primary.revision] != deployGood {
		w.fail("the broken revision %s serves alone", w.s.primary.revision)
	}
}

// afterwards keeps the books of an action that was done.
func (w *world) afterwards(a action) {
	if a.do == rest {
		w.pauses = append(w.pauses, struct {
			of      *deployment
			strikes int
		}{w.s.primary, w.s.primary.strikes})
	}
}

// mustBeSettled: everything came to rest, as it was wanted, and nothing was forgotten.
func (w *world) mustBeSettled() {
	switch w.s.outcome {
	case steady, rolledBack, abandoned:
		w.judgeEnd()
	default:
		w.fail("at rest, and not settled: %d", w.s.outcome)
	}
	for number := range w.terminated {
		if w.s.balanced && w.ran[number] && !w.deregistered[number] {
			w.fail("task %d was stopped and never deregistered", number)
		}
	}
}
