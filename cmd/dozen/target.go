package main

import (
	"errors"
	"os"
	"path/filepath"

	"dozen/internal/local"
)

// target names the environment that a command is about.
type target struct {
	Environment string `arg:"" default:"dev" help:"Name of the environment."`
}

// home is the home of the environment on this machine.
func (t target) home(s *session) (local.Home, error) {
	if _, err := os.Stat(filepath.Join(s.directory, "cdk.json")); err != nil {
		return local.Home{}, errors.New("no cdk.json in this directory or above it; run the command in a checkout")
	}
	return local.HomeOf(s.directory, t.Environment)
}

// source names the assembly to run.
type source struct {
	Assembly string `placeholder:"DIR" type:"path" help:"Run this cloud assembly instead of synthesizing the sources."`
}

// directory is the directory of the assembly, which is synthesized if needed.
func (a source) directory(s *session, home local.Home) (string, error) {
	if a.Assembly != "" {
		return a.Assembly, nil
	}
	return synthesize(s, home)
}
