package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dozen/config"
	"dozen/internal/local"
)

// target names the environment that a command is about.
type target struct {
	Environment string `arg:"" default:"dev" help:"Name of the environment."`
}

// home is the home of the environment on this machine. An environment that nobody has declared has none, unless it has run here.
func (t target) home(s *session) (local.Home, error) {
	if _, err := os.Stat(filepath.Join(s.directory, "cdk.json")); err != nil {
		return local.Home{}, errors.New("no cdk.json in this directory or above it; run the command in a checkout")
	}
	home, err := local.HomeOf(s.directory, t.Environment)
	if err == nil && !home.Exists() {
		err = s.requireDeclared(t.Environment)
	}
	return home, err
}

// requireDeclared reports a misspelt name at once; a synthesis would report it after some seconds.
func (s *session) requireDeclared(name string) error {
	names := s.declared()
	if slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("no environment %q; there are: %s. If you have just declared it, `make up ENV=%[1]s` builds dozen again",
		name, strings.Join(names, ", "))
}

// declared returns the names of the environments in config/environments.go and DOZEN_ENVIRONMENTS, as of the time when dozen was
// built. What is wrong with their settings is the synthesis's business.
func (s *session) declared() []string {
	environments, _ := config.Environments(s.environ)
	var names []string
	for _, e := range environments {
		names = append(names, e.Name)
	}
	return names
}

// source names the assembly to run.
type source struct {
	Assembly string `placeholder:"DIR" type:"path" help:"Run this cloud assembly instead of synthesizing the sources."`
}

// homeOf is the home of the environment to run. An assembly of other sources may have others than these sources declare.
func (a source) homeOf(s *session, t target) (local.Home, error) {
	if a.Assembly != "" {
		return local.HomeOf(s.directory, t.Environment)
	}
	return t.home(s)
}

// directory is the directory of the assembly, which is synthesized if needed.
func (a source) directory(s *session, home local.Home) (string, error) {
	if a.Assembly != "" {
		return a.Assembly, nil
	}
	return synthesize(s, home)
}
