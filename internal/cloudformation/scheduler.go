package cloudformation

// task is what CloudFormation does with one resource. It begins when all tasks before it are done, and ends some time later.
type task struct {
	begin   func() (done bool, err error) // done: there is nothing to wait for
	end     func() error
	next    []*task
	waiting int // tasks that are not done
	begun   bool
	slow    bool
}

// follow makes a task wait for another one.
func (t *task) follow(other *task) {
	other.next = append(other.next, t)
	t.waiting++
}

// run performs tasks in any order that they allow, in parallel: the account's random numbers choose which one begins or ends
// next. One task in eight is slow: it is chosen only when no other can be, so that whatever does not wait for it overtakes
// it. After a failure run stops, or if it shall go on leaves only the tasks that follow the failed one. It returns the first
// error.
func (a *Account) run(tasks []*task, goOn bool) (first error) {
	var ready []*task
	for _, t := range tasks {
		t.slow = a.random.IntN(8) == 0
		if t.waiting == 0 {
			ready = append(ready, t)
		}
	}
	for len(ready) > 0 {
		i := a.choose(ready)
		t := ready[i]
		done, err := true, error(nil)
		if t.begun {
			err = t.end()
		} else {
			t.begun = true
			done, err = t.begin()
		}
		if err != nil {
			if first == nil {
				first = err
			}
			if !goOn {
				a.finish(ready, t)
				return first
			}
		}
		if !done && err == nil {
			continue
		}
		ready[i] = ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		if err != nil {
			continue
		}
		for _, next := range t.next {
			if next.waiting--; next.waiting == 0 {
				ready = append(ready, next)
			}
		}
	}
	return first
}

// choose returns the index of one of the tasks that can begin or end.
func (a *Account) choose(ready []*task) int {
	start := a.random.IntN(len(ready))
	for i := range ready {
		if j := (start + i) % len(ready); !ready[j].slow {
			return j
		}
	}
	return start
}

// finish lets some of the tasks that are under way end after a failure. CloudFormation cancels the others.
func (a *Account) finish(ready []*task, failed *task) {
	for _, t := range ready {
		if t != failed && t.begun && a.random.IntN(2) == 0 {
			_ = t.end() // the operation has failed already
		}
	}
}
