package main

import (
	"dozen/internal/local"
)

type logs struct {
	target
	Processes []string `arg:"" optional:"" name:"process" help:"Names of processes, such as web; all by default."`
	Follow    bool     `short:"f" help:"Continue with new lines until Ctrl-C."`
}

// Run copies the logs, oldest line first within each process.
func (c *logs) Run(s *session) error {
	home, err := c.home(s)
	if err != nil {
		return err
	}
	return local.Logs(s.ctx, home, c.Processes, c.Follow, s.out)
}
