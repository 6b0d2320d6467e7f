package main

import (
	"errors"
	"fmt"
	"os/exec"

	"dozen/internal/local"
)

type oneOff struct {
	Words []string `arg:"" passthrough:"" name:"command" help:"[ENVIRONMENT] -- COMMAND [ARGUMENT...]. The environment is dev by default."`
}

// Run runs the command in this terminal and ends with its exit code.
func (c *oneOff) Run(s *session) error {
	name, words := "dev", c.Words
	if words[0] != "--" {
		name, words = words[0], words[1:]
	}
	separated := len(words) > 0 && words[0] == "--"
	if separated {
		words = words[1:]
	}
	home, err := target{name}.home(s)
	switch {
	case err != nil && !separated:
		return fmt.Errorf("%w. To run %q in dev, write -- before it", err, name)
	case err != nil:
		return err
	case len(words) == 0:
		return errors.New("the command is missing; write for example: dozen run dev -- COMMAND")
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
