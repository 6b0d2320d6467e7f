package gate_test

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"dozen/internal/gate"
)

// simulation is one history of one stack, with everything around the gate: CloudFormation, Lambda, ECS, and a clock
// that jumps from event to event. Everything is drawn from one seed, so that a history can be repeated. It keeps the
// truth (has the migration really run to its end?) apart from what the gate sees.
type simulation struct {
	rng   *rand.Rand
	now   time.Time
	queue events
	order int
	hooks hooks

	status      string        // of the stack
	released    map[int]bool  // revisions whose migration has succeeded
	requests    []*request    // all requests of the history
	failureRate float64       // how often a call fails, 0 to 0.3
	lossRate    float64       // how often a call takes effect and its response is lost, 0 to 0.2
	noStatus    bool          // the stack's status cannot be read in this history
	lifetime    time.Duration // of one invocation
	snapshots   []simulatedSnapshot

	broken  string // the first invariant that broke
	history []string
}

// hooks break the gate on purpose, to show that the invariants notice it.
type hooks struct {
	event         func(event *gate.Event, delivery int)
	ignored       gate.Verb // has no effect, but seems to succeed
	result        func(gate.Action, *gate.Result)
	state         func(*gate.State)
	unconditional bool // answers overwrite each other
}

// request is one request from CloudFormation.
type request struct {
	event             gate.Event
	at                time.Time
	deadline          time.Duration
	revision          int
	rollback          bool
	delivery          int
	answers           []gate.Answer // those that S3 accepted
	tasks             []*task
	byToken           map[string]*task
	plan              taskPlan
	refusals          int // how often RunTask finds no capacity
	consecutiveFaults int // faults in a row of calls that fail only so often
	onAnswer          func(success bool)
	gaveUp            bool
	permission        bool // RunTask is allowed
	snapshot          string
	copied            time.Time // when the snapshot will be complete; zero: not started
}

func newSimulation(seed uint64, h hooks) *simulation {
	rng := rand.New(rand.NewPCG(seed, 4))
	s := &simulation{rng: rng, now: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC), hooks: h, released: map[int]bool{}}
	if rng.IntN(4) > 0 {
		s.failureRate, s.lossRate = rng.Float64()*0.3, rng.Float64()*0.2
	}
	s.noStatus = rng.IntN(8) == 0
	s.lifetime = []time.Duration{900, 600, 400}[rng.IntN(3)] * time.Second
	s.earlierSnapshots()
	return s
}

// run runs the history to its end and returns the invariant that broke, or "".
func (s *simulation) run() string {
	releases := 1 + s.rng.IntN(4)
	s.create(releases)
	for len(s.queue) > 0 && s.broken == "" {
		next := heap.Pop(&s.queue).(event)
		s.now = next.at
		next.do()
	}
	s.checkEnd()
	return s.broken
}

func (s *simulation) fail(invariant string, r *request, format string, args ...any) {
	if s.broken == "" {
		s.broken = invariant
		s.record("BROKEN %s by %s: %s", invariant, r.event.RequestId, fmt.Sprintf(format, args...))
	}
}

func (s *simulation) record(format string, args ...any) {
	s.history = append(s.history, s.now.Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (s *simulation) in(d time.Duration, do func()) {
	s.order++
	heap.Push(&s.queue, event{at: s.now.Add(d), order: s.order, do: do})
}

func (s *simulation) chance(p float64) bool { return s.rng.Float64() < p }

// upTo draws a time, short ones more often than long ones.
func (s *simulation) upTo(most time.Duration) time.Duration {
	x := s.rng.Float64()
	return time.Duration(x * x * x * float64(most))
}

// --- CloudFormation: one operation after the other ----------------------------------------------------------------

func (s *simulation) create(releases int) {
	s.status = "CREATE_IN_PROGRESS"
	s.send(gate.Create, 1, 0, false, func(ok bool) {
		if !ok {
			s.status = "ROLLBACK_IN_PROGRESS"
			s.delete(1)
			return
		}
		s.status = "CREATE_COMPLETE"
		s.in(s.upTo(time.Hour), func() { s.release(2, 1, releases) })
	})
}

// release updates the stack from one revision to the next. Then another resource may fail, and the stack rolls back.
func (s *simulation) release(next, from, left int) {
	if left == 0 {
		s.status = "DELETE_IN_PROGRESS"
		s.delete(from)
		return
	}
	s.status = "UPDATE_IN_PROGRESS"
	to := next
	if !s.noStatus && s.chance(0.1) {
		to = from // only a setting of the gate has changed
	}
	s.send(gate.Update, to, from, false, func(ok bool) {
		if ok && s.chance(0.7) {
			s.status = "UPDATE_COMPLETE"
			s.in(s.upTo(time.Hour), func() { s.release(next+1, to, left-1) })
			return
		}
		s.in(s.upTo(10*time.Minute), func() {
			s.status = "UPDATE_ROLLBACK_IN_PROGRESS"
			s.send(gate.Update, from, to, true, func(bool) {
				s.status = "UPDATE_ROLLBACK_COMPLETE"
				s.in(s.upTo(time.Hour), func() { s.release(next+1, from, left-1) })
			})
		})
	})
}

func (s *simulation) delete(revision int) {
	s.send(gate.Delete, revision, 0, false, func(bool) { s.status = "DELETE_COMPLETE" })
}

func (s *simulation) send(kind string, revision, old int, rollback bool, onAnswer func(bool)) {
	deadline := time.Minute + s.upTo(gate.MaxDeadline-time.Minute).Truncate(time.Second)
	r := &request{
		at: s.now, deadline: deadline, revision: revision, rollback: rollback, onAnswer: onAnswer,
		byToken: map[string]*task{}, plan: s.planTask(deadline), permission: s.chance(0.97),
	}
	if s.chance(0.1) {
		r.refusals = s.rng.IntN(40)
	}
	r.event = gate.Event{
		RequestType: kind, RequestId: fmt.Sprintf("request-%d", len(s.requests)), StackId: "stack", LogicalResourceId: "Gate",
		ResponseURL:        "https://answers.example/?X-Amz-Date=" + s.now.Format("20060102T150405Z"),
		ResourceProperties: properties(revision, deadline),
	}
	if s.chance(0.2) {
		r.snapshot = []string{"available", "available", "failed"}[s.rng.IntN(3)]
		withSnapshot(r.event.ResourceProperties)
		r.event.ResourceProperties[gate.PropertyKeepSnapshots] = fmt.Sprint(keptSnapshots)
	}
	if kind != gate.Create {
		r.event.PhysicalResourceId = "gate"
	}
	if old > 0 {
		r.event.OldResourceProperties = properties(old, deadline)
	}
	s.requests = append(s.requests, r)
	s.record("%s revision %d (rollback %v) deadline %s plan %+v", kind, revision, rollback, deadline, r.plan)
	s.in(s.upTo(5*time.Second), func() { s.deliver(r) })
	for s.chance(0.15) {
		s.in(s.upTo(40*time.Minute), func() { s.deliver(r) }) // at least once means sometimes twice
	}
	s.in(gate.ServiceTimeout(deadline), func() {
		if len(r.answers) == 0 {
			r.gaveUp = true
			s.fail("in time", r, "no answer within %s", gate.ServiceTimeout(deadline))
		}
	})
}

// answered accepts an answer as S3 does.
func (s *simulation) answered(r *request, answer gate.Answer) {
	if len(r.answers) > 0 && !s.hooks.unconditional {
		return // 412: the answer exists already
	}
	r.answers = append(r.answers, answer)
	s.record("%s is answered %s: %.150s", r.event.RequestId, answer.Status, answer.Reason)
	if len(r.answers) > 1 {
		s.fail("one answer", r, "answered %d times", len(r.answers))
		return
	}
	success := answer.Status == "SUCCESS"
	s.checkAnswer(r, success)
	if success && r.event.RequestType != gate.Delete {
		s.released[r.revision] = true
	}
	s.in(time.Second, func() { r.onAnswer(success) })
}

// --- Lambda: deliveries, deaths and new deliveries ---------------------------------------------------------------

func (s *simulation) deliver(r *request) {
	r.delivery++
	event := r.event
	if s.hooks.event != nil {
		s.hooks.event(&event, r.delivery)
	}
	s.invoke(r, func() *gate.State { return gate.New(event, s.now) }, 2)
}

// invoke runs one invocation. If it dies, Lambda starts the same event again after one minute, and after two.
func (s *simulation) invoke(r *request, load func() *gate.State, retries int) {
	begin := s.now
	state := load()
	if s.hooks.state != nil {
		s.hooks.state(state)
	}
	end := begin.Add(s.lifetime)
	until := end.Add(-s.lifetime / 10)
	die := func() {
		if retries > 0 {
			s.record("%s: a handler dies", r.event.RequestId)
			s.in(time.Duration(3-retries)*time.Minute, func() { s.invoke(r, load, retries-1) })
		}
	}
	mayDie := retries > 0 && s.chance(0.3)
	var step func()
	step = func() {
		action := state.Next(s.now, until)
		if action.Verb == gate.Finish {
			return
		}
		if action.Verb == gate.Wait {
			s.in(action.Until.Sub(s.now), step)
			return
		}
		if mayDie && s.chance(0.05) {
			die()
			return
		}
		s.in(s.latency(), func() {
			if s.now.After(end) {
				die()
				return
			}
			result := s.perform(r, action)
			if mayDie && s.chance(0.05) {
				die() // after the effect, before anyone knows about it
				return
			}
			if s.hooks.result != nil {
				s.hooks.result(action, &result)
			}
			state.Apply(action, result, s.now)
			step()
		})
	}
	step()
}

// handOver starts the next invocation, sometimes twice, with the state as it goes over the wire.
func (s *simulation) handOver(r *request, state *gate.State) {
	payload, err := json.Marshal(state)
	if err != nil {
		panic(err)
	}
	load := func() *gate.State {
		next := new(gate.State)
		if err := json.Unmarshal(payload, next); err != nil {
			panic(err)
		}
		return next
	}
	s.in(s.upTo(5*time.Second), func() { s.invoke(r, load, 2) })
	if s.chance(0.05) {
		s.in(s.upTo(time.Minute), func() { s.invoke(r, load, 2) })
	}
}

func (s *simulation) latency() time.Duration {
	switch x := s.rng.Float64(); {
	case x < 0.9:
		return 20*time.Millisecond + s.upTo(300*time.Millisecond)
	case x < 0.99:
		return s.upTo(3 * time.Second)
	}
	return s.upTo(10 * time.Second)
}

// --- the queue of events ----------------------------------------------------------------------------------------

type event struct {
	at    time.Time
	order int
	do    func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].order < q[j].order
	}
	return q[i].at.Before(q[j].at)
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
