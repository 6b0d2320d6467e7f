package main

import (
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"dozen/internal/local"
)

type ps struct{ target }

// Run prints one line for each task.
func (c *ps) Run(s *session) error {
	home, err := c.home(s)
	if err != nil {
		return err
	}
	status, err := local.Dial(home).Status(s.ctx)
	if err != nil {
		return err
	}
	printf(s.out, "%s  release %s as %s\n\n", status.URL, status.Release, status.Runtime)
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	printf(table, "TASK\tRELEASE\tSTATE\tADDRESS\tPID\tSTARTED\n")
	for _, t := range status.Tasks {
		pid := ""
		if t.PID != 0 {
			pid = strconv.Itoa(t.PID)
		}
		state, age := strings.TrimSpace(t.State+" "+t.Exit), time.Since(t.Started).Round(time.Second)
		printf(table, "%s\t%s\t%s\t%s\t%s\t%s ago\n", t.Name, t.Release, state, t.Address, pid, age)
	}
	return table.Flush()
}
