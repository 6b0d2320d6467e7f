package cloudformation

import (
	"maps"
	"slices"
)

// rollBack sets back what an update has changed, in the order of the former template, and then deletes what the update has
// made; what cannot be deleted is left behind. If a resource cannot be set back, the rollback can be continued later.
func (c *change) rollBack() Status {
	c.phase = RollingBack
	tasks := graph(slices.Sorted(maps.Keys(c.former)), c.setBack, func(id string) []string { return c.former[id].before.after })
	c.stack.unfinished = c
	if c.run(tasks, false) != nil {
		return "UPDATE_ROLLBACK_FAILED"
	}
	c.stack.unfinished = nil
	maps.DeleteFunc(c.stack.resources, func(id string, _ *physical) bool { return c.former[id].physical == nil })
	_ = c.delete(c.made, Undoing)
	c.checkRestored()
	return "UPDATE_ROLLBACK_COMPLETE"
}

// setBack brings one resource back to what it was.
func (c *change) setBack(id string) *task {
	was, p := c.former[id].before, c.former[id].physical
	return &task{
		node: was.node,
		plan: func() (Action, error) {
			same := p.properties.text == was.properties.text && slices.Equal(p.values, was.values)
			if same && c.stack.resources[id] == p {
				p.node = was.node
				return "", nil
			}
			return "update", nil
		},
		begin: func() error {
			c.stack.resources[id] = p
			return c.apply(p, was.node, was.values)
		},
		end: func() {},
	}
}
