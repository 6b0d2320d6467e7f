package cloudformation

import (
	"cmp"
	"slices"
)

// task is what CloudFormation does with one resource. It begins when all tasks before it are done, and ends some time later.
type task struct {
	node    *node
	plan    func() (Action, error) // none: the task is done
	begin   func() error
	end     func()
	action  Action
	next    []*task
	waiting int // tasks before it that are not done
	begun   bool
	slow    bool
}

// graph makes the tasks of resources, each after those that are named before it.
func graph(ids []string, newTask func(id string) *task, before func(id string) []string) []*task {
	tasks, byID := make([]*task, len(ids)), make(map[string]*task, len(ids))
	for i, id := range ids {
		tasks[i] = newTask(id)
		byID[id] = tasks[i]
	}
	for i, id := range ids {
		for _, name := range before(id) {
			if byID[name] != nil {
				tasks[i].follow(byID[name])
			}
		}
	}
	return tasks
}

// follow makes a task wait for another one.
func (t *task) follow(other *task) {
	other.next = append(other.next, t)
	t.waiting++
}

// run performs tasks in any order that they allow, in parallel: the account's random numbers choose which one begins or ends
// next. One in eight is slow: it is chosen when hardly any other is left, so that whatever does not wait for it overtakes it.
// After a failure run stops, or if it shall go on leaves only the tasks that follow the failed one. It returns the first error.
func (c *change) run(tasks []*task, goOn bool) (first error) {
	var ready []*task
	for _, t := range tasks {
		if t.slow = c.random.IntN(8) == 0; t.waiting == 0 {
			ready = append(ready, t)
		}
	}
	for len(ready) > 0 && (first == nil || goOn) {
		i := c.random.IntN(len(ready))
		for try := 0; ready[i].slow && try < 8; try++ {
			i = c.random.IntN(len(ready))
		}
		t := ready[i]
		done, err := c.advance(t)
		if !done && err == nil {
			continue
		}
		if ready = slices.Delete(ready, i, i+1); err != nil {
			first = cmp.Or(first, err)
			continue
		}
		for _, next := range t.next {
			if next.waiting--; next.waiting == 0 {
				ready = append(ready, next)
			}
		}
	}
	for _, t := range ready { // some of what is under way ends all the same; CloudFormation cancels the rest
		if t.begun && c.random.IntN(2) == 0 {
			_, _ = c.advance(t)
		}
	}
	return first
}

// advance begins or ends a task.
func (c *change) advance(t *task) (done bool, err error) {
	if t.begun {
		if err := c.record(t, true); err != nil {
			return true, err
		}
		t.end()
		return true, nil
	}
	t.begun = true
	if t.action, err = t.plan(); err != nil || t.action == "" {
		return true, err
	}
	if err := c.record(t, false); err != nil {
		return true, err
	}
	return false, t.begin()
}
