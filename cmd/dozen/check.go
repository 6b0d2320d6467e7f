package main

import (
	"errors"
	"time"

	"dozen/internal/local"
)

type check struct {
	target
	source
	Engine string `env:"CONTAINER_ENGINE" placeholder:"COMMAND" help:"${engineHelp}"`
	Quick  bool   `help:"Skip what takes a minute: the backlog."`
}

// Run prints a line for each rule, and for each failure what to change.
func (c *check) Run(s *session) error {
	home, err := c.homeOf(s, c.target)
	if err != nil {
		return err
	}
	assembly, err := c.directory(s, home)
	if err != nil {
		return err
	}
	// A home of its own: an environment that runs here, and its data, are left alone.
	if home, err = local.HomeOf(s.directory, c.Environment+".check"); err != nil {
		return err
	}
	settings, err := c.settings(s, assembly, home)
	if err != nil {
		return err
	}
	settings.Engine = c.Engine
	count := map[local.Outcome]int{}
	patience := 70 * time.Second // it is due once a minute
	if c.Quick {
		patience = 0
	}
	err = local.Check(s.ctx, local.CheckSettings{Settings: settings, Backlog: patience}, func(r local.Result) {
		count[r.Outcome]++
		c.print(s, r)
	})
	if err != nil {
		return err
	}
	printf(s.out, "%d ok, %d failed, %d not tried\n", count[local.Passed], count[local.Failed], count[local.NotTried])
	if count[local.Failed] > 0 {
		return errors.New("the app does not keep the contract: docs/contract.md")
	}
	return nil
}

func (c *check) print(s *session, r local.Result) {
	seen := r.Seen
	if seen != "" {
		seen = ": " + seen
	}
	printf(s.out, "%-9s  %s%s\n", r.Outcome, r.Rule, seen)
	if r.Remedy != "" {
		printf(s.out, "           change %s\n", r.Remedy)
	}
	for _, line := range r.Last {
		printf(s.out, "           | %s\n", line)
	}
}
