package cloudformation

import (
	"maps"
	"slices"
)

// rollBackCreation deletes what a failed creation has made.
func (c *change) rollBackCreation() Status {
	c.phase = RollingBack
	if c.delete(c.made, RollingBack, true) != nil {
		return RollbackFailed
	}
	return RollbackComplete
}

// rollBackUpdate sets back what an update has changed, in the order of the former template, and then deletes what the update
// has made. A resource that cannot be set back leaves the stack in UPDATE_ROLLBACK_FAILED; it can be continued.
func (c *change) rollBackUpdate() Status {
	c.phase = RollingBack
	former := c.stack.template
	tasks := map[string]*task{}
	var order []*task
	for _, id := range slices.Sorted(maps.Keys(c.former)) {
		tasks[id] = c.setBack(id)
		order = append(order, tasks[id])
	}
	for _, id := range slices.Sorted(maps.Keys(c.former)) {
		for _, before := range former.nodes[id].after {
			if tasks[before] != nil {
				tasks[id].follow(tasks[before])
			}
		}
	}
	if c.run(order, false) != nil {
		c.stack.unfinished = c
		return UpdateRollbackFailed
	}
	c.stack.unfinished = nil
	for id, p := range c.stack.resources {
		if _, was := c.former[id]; !was && p != nil {
			delete(c.stack.resources, id)
		}
	}
	_ = c.delete(c.made, UndoingCleanUp, true) // what cannot be deleted is left behind
	c.checkRestored()
	return UpdateRollbackComplete
}

// setBack brings one resource back to what it was.
func (c *change) setBack(id string) *task {
	was := c.former[id]
	return &task{
		begin: func() (bool, error) {
			p := was.physical
			same := p.node.properties.text == was.node.properties.text && slices.Equal(p.values, was.values)
			if same {
				p.node = was.node
			}
			if c.stack.resources[id] == p && same {
				return true, nil
			}
			if err := c.record(c.event(was.node, Update, Start)); err != nil {
				return true, err
			}
			c.stack.resources[id] = p
			return false, c.apply(p, was.node, was.values)
		},
		end: func() error { return c.record(c.event(was.node, Update, End)) },
	}
}
