package main

import "dozen/internal/local"

type down struct{ target }

// Run stops the environment and returns when it has ended.
func (c *down) Run(s *session) error {
	home, err := c.home(s)
	if err != nil {
		return err
	}
	return local.Dial(home).Down(s.ctx)
}
