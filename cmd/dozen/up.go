package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dozen/internal/local"
	"dozen/internal/local/backing"
)

// target is the environment that a command is about.
type target struct {
	Environment string `arg:"" default:"dev" help:"Name of the environment."`
}

func (t target) state(s *session) (local.State, error) {
	if _, err := os.Stat(filepath.Join(s.directory, "cdk.json")); err != nil {
		return local.State{}, errors.New("no cdk.json here or above: give the command in a checkout")
	}
	cache, err := backing.StateDir()
	if err != nil {
		return local.State{}, err
	}
	return local.StateOf(cache, s.directory, t.Environment)
}

// source says which assembly is meant.
type source struct {
	Assembly string `placeholder:"DIR" type:"path" help:"Run this cloud assembly as it stands, instead of what the sources say now."`
}

func (a source) directory(s *session, state local.State) (string, error) {
	if a.Assembly != "" {
		return a.Assembly, nil
	}
	return synthesize(s, state)
}

type up struct {
	target
	source
	Scale  map[string]int `placeholder:"PROCESS=N" help:"Number of tasks; the template's least by default."`
	Port   int            `help:"Port of the load balancer; 8080 or the next free one by default."`
	Engine string         `env:"CONTAINER_ENGINE" placeholder:"COMMAND" help:"docker, podman or another command that takes their arguments; 'none' for processes. By default the first that answers."`
}

// Run runs the environment until the session ends.
func (c *up) Run(s *session) error {
	state, err := c.state(s)
	if err != nil {
		return err
	}
	for process, n := range c.Scale {
		if n < 0 {
			return fmt.Errorf("--scale %s=%d: write 0 or more", process, n)
		}
	}
	assembly, err := c.directory(s, state)
	if err != nil {
		return err
	}
	file := filepath.Join("app", ".env."+c.Environment)
	values, err := readValues(filepath.Join(s.directory, file))
	if err != nil {
		return err
	}
	return local.Up(s.ctx, local.Settings{
		Assembly: assembly, Environment: c.Environment, Checkout: s.directory, State: state, Postgres: s.getenv("DOZEN_POSTGRES_BIN"),
		Port: c.Port, Scale: c.Scale, Engine: c.Engine, Values: values, ValuesFile: file, Out: s.out, Plain: s.getenv("NO_COLOR") != "" || !terminal(s.out),
	})
}

// terminal says whether somebody looks at the output as it comes; a file or a pipe gets no colours.
func terminal(out io.Writer) bool {
	file, is := out.(*os.File)
	if !is {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// readValues reads NAME=value lines; no file is no values. Blank lines and those that begin with # are skipped.
func readValues(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	values := map[string]string{}
	number := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%s:%d: write NAME=value", path, number)
		}
		values[name] = value
	}
	return values, nil
}
