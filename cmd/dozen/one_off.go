package main

import (
	"errors"
	"os/exec"

	"dozen/internal/local"
)

type oneOff struct {
	Environment string   `arg:"" help:"Name of the environment."`
	Command     []string `arg:"" passthrough:"" help:"The command and its arguments, after --."`
}

// Run runs the command in this terminal and ends with its exit code.
func (c *oneOff) Run(s *session) error {
	home, err := target{c.Environment}.home(s)
	if err != nil {
		return err
	}
	words := c.Command
	if words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		return errors.New("the command is missing; write for example: dozen run dev -- dozen-app help")
	}
	cmd, err := local.Dial(home).Command(s.ctx, words)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.errs
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return exit(max(ended.ExitCode(), 1))
	}
	return err
}
