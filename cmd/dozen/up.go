package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dozen/config"
	"dozen/internal/local"
)

// engineHelp is the help of --engine.
const engineHelp = "docker, podman or another command with the same arguments; 'none' for processes. " +
	"By default, the first engine that answers."

type up struct {
	target
	source
	Scale  map[string]int `placeholder:"PROCESS=N" help:"Number of tasks; the template's minimum by default."`
	Port   int            `help:"Port of the load balancer; 8080 or the next free port by default."`
	Engine string         `env:"CONTAINER_ENGINE" placeholder:"COMMAND" help:"${engineHelp}"`
}

// Run runs the environment until the session ends.
func (c *up) Run(s *session) error {
	home, err := c.homeOf(s, c.target)
	if err != nil {
		return err
	}
	for process, n := range c.Scale {
		if n < 0 {
			return fmt.Errorf("--scale %s=%d: the number must be 0 or more", process, n)
		}
	}
	if err := local.CheckPort(c.Port); err != nil {
		return err // before a synthesis, which takes seconds
	}
	assembly, err := c.directory(s, home)
	if err != nil {
		return err
	}
	settings, err := c.settings(s, assembly, home)
	if err != nil {
		return err
	}
	settings.Port, settings.Scale, settings.Engine = c.Port, c.Scale, c.Engine
	settings.Plain = s.getenv("NO_COLOR") != "" || !isTerminal(s.out)
	return local.Up(s.ctx, settings)
}

// settings are what every command needs that runs the environment.
func (t target) settings(s *session, assembly string, home local.Home) (local.Settings, error) {
	app := config.AppBuild().Directory
	file := filepath.Join(app, ".env."+t.Environment)
	values, err := readValues(filepath.Join(s.directory, file))
	return local.Settings{
		Assembly:    assembly,
		Environment: t.Environment,
		Checkout:    s.directory,
		App:         filepath.Join(s.directory, app),
		Postgres:    s.getenv("DOZEN_POSTGRES_BIN"),
		Home:        home,
		Values:      values,
		ValuesFile:  file,
		Out:         s.out,
	}, err
}

// isTerminal reports whether the output is a terminal; a file or a pipe gets no colours.
func isTerminal(out io.Writer) bool {
	file, is := out.(*os.File)
	if !is {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// readValues reads NAME=value lines. It skips blank lines and lines that begin with #. A missing file has no values.
func readValues(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%s:%d: want NAME=value", path, number)
		}
		values[name] = value
	}
	return values, nil
}
