package main

import "dozen/internal/local"

type release struct {
	target
	source
}

// Run rolls the running environment and shows what happens; the error says what was rolled back, and why.
func (c *release) Run(s *session) error {
	state, err := c.state(s)
	if err != nil {
		return err
	}
	client := local.Dial(state)
	if _, err := client.Status(s.ctx); err != nil {
		return err // before a synthesis that would be of no use
	}
	assembly, err := c.directory(s, state)
	if err != nil {
		return err
	}
	return client.Release(s.ctx, assembly, s.out)
}
