package main

import (
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"dozen/internal/local"
)

type list struct{ target }

// Run prints one line for each task.
func (c *list) Run(s *session) error {
	state, err := c.state(s)
	if err != nil {
		return err
	}
	status, err := local.Dial(state).Status(s.ctx)
	if err != nil {
		return err
	}
	say(s.out, "%s  release %s as %s\n\n", status.URL, status.Revision, status.Platform)
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	say(table, "TASK\tRELEASE\tSTATE\tADDRESS\tPID\tSTARTED\n")
	for _, t := range status.Tasks {
		pid := ""
		if t.PID != 0 {
			pid = strconv.Itoa(t.PID)
		}
		say(table, "%s\t%s\t%s\t%s\t%s\t%s ago\n", t.Name, t.Revision, strings.TrimSpace(t.State+" "+t.Exit), t.Address, pid, time.Since(t.Started).Round(time.Second))
	}
	return table.Flush()
}

type down struct{ target }

// Run returns when the environment has ended.
func (c *down) Run(s *session) error {
	state, err := c.state(s)
	if err != nil {
		return err
	}
	return local.Dial(state).Down(s.ctx)
}
