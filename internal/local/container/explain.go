package container

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The exit codes with which a container engine reports its own failures, and shells those of commands.
const (
	engineFailed  = 125
	notExecutable = 126
	notFound      = 127
)

// explain says what the exit code of a container means if the app itself may never have run.
func (e *Engine) explain(program Program, spec Spec, code int) string {
	command := spec.command()[0]
	switch code {
	case engineFailed:
		return fmt.Sprintf("%s could not start the container; `--engine none` runs processes instead", e)
	case notExecutable:
		return fmt.Sprintf("the image's %s, or a program that it starts, cannot be executed by user %s", command, spec.Container.User)
	case notFound:
		if entryPoint := e.entryPoint(program); entryPoint != "" && len(spec.Container.EntryPoint) == 0 {
			return fmt.Sprintf("a program was not found. The image, or its base image, has ENTRYPOINT %s, which gets %s as its arguments; "+
				"add the line ENTRYPOINT [] to the Dockerfile", entryPoint, strings.Join(spec.command(), " "))
		}
		return fmt.Sprintf("%s, or a program that it starts, was not found in the image's PATH", command)
	}
	return ""
}

// entryPoint returns the ENTRYPOINT of an image as JSON, or "" if it has none.
func (e *Engine) entryPoint(program Program) string {
	out, err := e.output(context.Background(), "image", "inspect", "--format", "{{json .Config.Entrypoint}}", program.Reference)
	if out = strings.TrimSpace(out); err != nil || out == "null" || out == "[]" {
		return ""
	}
	return out
}

// installs are what makes the programs of a language available on this machine, by a file that every app in it has.
var installs = []struct{ file, remedy string }{
	{"requirements.txt", "activate the virtual environment in which you have run pip install -r requirements.txt"},
	{"pyproject.toml", "activate the virtual environment in which the app's packages are installed"},
	{"package.json", "run npm ci in the app's directory"},
	{"Gemfile", "run bundle install in the app's directory, and begin the command with bundle exec"},
}

// install says what to do about a command that was not found on this machine.
func (program Program) install() string {
	for _, i := range installs {
		if _, err := os.Stat(filepath.Join(program.Directory, i.file)); err == nil {
			return i.remedy
		}
	}
	return "install what the command needs on this machine"
}
