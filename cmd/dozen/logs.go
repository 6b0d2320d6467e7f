package main

import (
	"dozen/internal/local"
)

type logs struct {
	target
	Processes []string `arg:"" optional:"" name:"process" help:"Such as web; all by default."`
	Follow    bool     `short:"f" help:"Go on with what is written from now on, until Ctrl-C."`
}

// Run copies the logs, oldest line first within each process.
func (c *logs) Run(s *session) error {
	state, err := c.state(s)
	if err != nil {
		return err
	}
	return local.Logs(s.ctx, state, c.Processes, c.Follow, s.out)
}
