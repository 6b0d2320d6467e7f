package rollout

// judge checks an action against the promises of the service, before the action is done.
func (w *world) judge(a action) {
	t := w.s.find(a.task)
	lower, upper := w.s.settings.bounds()
	switch a.do {
	case start:
		if len(w.s.tasks)+1 > upper {
			w.fail("%d tasks exist: the maximum is %d of %d", len(w.s.tasks)+1, upper, w.s.settings.Desired)
		}
		if w.s.count(w.s.current, staying) >= w.s.settings.Desired {
			w.fail("too many tasks of the release were started")
		}
	case deregister, terminate:
		if t == nil {
			w.fail("task %d must stop and does not exist", a.task)
			return
		}
		if !t.leaving() {
			w.judgeStop(t, lower)
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

// judgeStop: a healthy task stops only if enough others are healthy, and a wanted task never stops.
func (w *world) judgeStop(t *task, lower int) {
	if w.s.primary == nil || t.failed {
		return
	}
	if t.health == healthy && w.s.count(staying, isHealthy)-1 < lower {
		w.fail("task %d stops, and %d healthy tasks remain: the minimum is %d", t.number, w.s.count(staying, isHealthy)-1, lower)
	}
	if w.s.current(t) && w.s.count(w.s.current, staying) <= w.s.settings.Desired {
		w.fail("task %d stops although it is wanted", t.number)
	}
}

// judgeOrder: a task is deregistered once and gets SIGTERM once, when the stop order allows it.
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
		w.fail("task %d is deregistered or gets SIGTERM twice", t.number)
	}
	done[t.number] = true
}

// judgeEnd: a steady service has what was wanted, and no broken release runs alone.
func (w *world) judgeEnd() {
	if w.s.primary == nil {
		if len(w.s.tasks) > 0 {
			w.fail("abandoned, and %d tasks are left", len(w.s.tasks))
		}
		return
	}
	good := w.s.count(w.s.current, staying, isHealthy)
	if good != w.s.settings.Desired || len(w.s.tasks) != good {
		w.fail("concluded with %d good tasks of %d, want %d", good, len(w.s.tasks), w.s.settings.Desired)
	}
	if good > 0 && w.kinds[w.s.primary.release] != deployGood {
		w.fail("only the broken release %s runs", w.s.primary.release)
	}
}

// afterwards records an action that was done.
func (w *world) afterwards(a action) {
	if a.do == beginPause {
		w.pauses = append(w.pauses, struct {
			of      *deployment
			strikes int
		}{w.s.primary, w.s.primary.strikes})
	}
}

// mustBeSettled: everything came to rest as wanted, and nothing was forgotten.
func (w *world) mustBeSettled() {
	switch w.s.outcome {
	case steady, rolledBack, abandoned:
		w.judgeEnd()
	default:
		w.fail("at rest, but not settled: %d", w.s.outcome)
	}
	for number := range w.terminated {
		if w.s.balanced && w.ran[number] && !w.deregistered[number] {
			w.fail("task %d was stopped but never deregistered", number)
		}
	}
}
