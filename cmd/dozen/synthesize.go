package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"dozen/config"
	"dozen/internal/local"
)

// A synthesis reads neither these directories of the checkout, nor those that are never part of the app's image. A directory such
// as docs elsewhere counts: the app's docs can be in the image.
var (
	unread     = []string{".build", "cdk.out", ".dev", "docs", "test"}
	notInImage = []string{".git", "node_modules", ".venv", "__pycache__"}
)

// synthesize returns the directory of the checkout's assembly. It only synthesizes if a source, a setting or the
// assembly itself has changed since the last time, because a synthesis takes seconds and developers run `dozen up` all
// day.
func synthesize(s *session, home local.Home) (string, error) {
	assembly := filepath.Join(s.directory, "cdk.out")
	remembered := filepath.Join(home.Directory, "sources")
	now, err := s.fingerprint()
	if err != nil {
		return "", err
	}
	if before, err := os.ReadFile(remembered); err == nil && string(before) == now {
		return assembly, nil
	}
	printf(s.out, "dozen: synthesizing with `make synth`\n")
	cmd := exec.CommandContext(s.ctx, "make", "--no-print-directory", "synth")
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.directory, s.out, s.errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("make synth: %w", err)
	}
	if now, err = s.fingerprint(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(home.Directory, 0o711); err != nil {
		return "", err
	}
	return assembly, os.WriteFile(remembered, []byte(now), 0o600)
}

// isTestOrPage reports whether a file is a test or a page about the infrastructure, which no template contains. In the
// app's directory, only its .dockerignore decides what is a part of the image.
func isTestOrPage(name string) bool {
	return strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".md")
}

// fingerprint changes with the name, size or time of any file that a synthesis reads and of the assembly's manifest,
// and with the variables that a synthesis reads.
func (s *session) fingerprint() (string, error) {
	sum := sha256.New()
	note := func(path string, info fs.FileInfo) {
		printf(sum, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	}
	app := filepath.Join(s.directory, config.AppBuild().Directory)
	for _, directory := range []string{s.directory, app} {
		if err := s.walk(directory, app, note); err != nil {
			return "", err
		}
	}
	if info, err := os.Stat(filepath.Join(s.directory, "cdk.out", "manifest.json")); err == nil {
		note("cdk.out", info)
	}
	for _, variable := range slices.Sorted(slices.Values(s.environ)) {
		quiet := strings.HasPrefix(variable, "CDK_DISABLE_VERSION_CHECK=") // which make sets, and the templates do not depend on
		if strings.HasPrefix(variable, "DOZEN_") || strings.HasPrefix(variable, "CDK_") && !quiet {
			printf(sum, "%s\n", variable)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// walk notes the files of the checkout or of the app. It meets the other one of them only to leave it out, because each has its
// own walk.
func (s *session) walk(directory, app string, note func(path string, info fs.FileInfo)) error {
	return filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path == app && errors.Is(err, fs.ErrNotExist) {
				return nil // which the synthesis says better
			}
			return err
		}
		name, err := filepath.Rel(directory, path)
		switch ofDozen := directory != app; {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains(notInImage, entry.Name()) || path != directory && (path == app || path == s.directory)):
			return fs.SkipDir
		case entry.IsDir() && ofDozen && slices.Contains(unread, filepath.ToSlash(name)):
			return fs.SkipDir
		case entry.IsDir(), ofDozen && isTestOrPage(name), strings.HasPrefix(entry.Name(), ".env"):
			return nil
		}
		info, err := entry.Info()
		if err == nil {
			note(path, info)
		}
		return err
	})
}
