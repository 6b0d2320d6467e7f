package main

import "dozen/internal/local"

type down struct{ target }

// Run stops the environment and returns when it has ended.
func (c *down) Run(s *session) error {
	home, err := c.home(s)
	if err != nil {
		return err
	}
	client := local.Dial(home)
	if _, err := client.Status(s.ctx); err != nil {
		return err
	}
	printf(s.out, "dozen: requests in flight may finish, which takes some seconds\n")
	if err := client.Down(s.ctx); err != nil {
		return err
	}
	printf(s.out, "dozen: environment %q has ended; its data stays in %s\n", home.Environment(), home.Directory)
	return nil
}
