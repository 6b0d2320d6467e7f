package main

import "dozen/internal/local"

type release struct {
	target
	source
}

// Run releases to the running environment and shows the progress. The error says what was rolled back, and why.
func (c *release) Run(s *session) error {
	home, err := c.home(s)
	if err != nil {
		return err
	}
	client := local.Dial(home)
	if _, err := client.Status(s.ctx); err != nil {
		return err // without a synthesis, which would be useless
	}
	assembly, err := c.directory(s, home)
	if err != nil {
		return err
	}
	return client.Release(s.ctx, assembly, s.out)
}
