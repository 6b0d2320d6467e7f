package mutants

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	atOnce   = 2               // runs of tests at once
	patience = 4 * time.Minute // for one run; a mutant that lasts longer hangs
	wanted   = 95              // percent of the mutants that the tests must notice
)

// outcome is what became of one mutant.
type outcome struct {
	mutant
	killer string // the test that noticed; empty if none did
	hung   bool
	broken string // why the run proves nothing
}

// The score of the tests. It fails below 95 percent.
func TestMutantsAreKilled(t *testing.T) {
	if !*kill {
		t.Skip("make mutants runs this")
	}
	var run []mutant
	chosen := regexp.MustCompile(*only)
	for _, m := range load(t) {
		switch {
		case !chosen.MatchString(m.file + " " + m.name):
		case m.equivalent != "":
			t.Logf("equivalent: %s: %s", m.name, m.equivalent)
		default:
			run = append(run, m)
		}
	}
	passBefore(t, run)
	killed := 0
	for o := range tryAll(t, run) {
		where := strings.TrimSuffix(o.file, ".go") + ": " + o.name
		switch {
		case o.broken != "":
			t.Errorf("%s: %s", where, o.broken)
		case o.hung:
			killed++
			t.Errorf("killed, but only by hanging: %s (bound the test)", where)
		case o.killer != "":
			killed++
			t.Logf("killed: %s (%s)", where, o.killer)
		default:
			t.Logf("SURVIVED: %s", where)
		}
	}
	score := float64(100*killed) / float64(max(len(run), 1))
	t.Logf("score: %d of %d mutants are killed, %.1f %%", killed, len(run), score)
	if score < wanted {
		t.Errorf("score %.1f %%, want %d %%", score, wanted)
	}
}

// passBefore fails unless the tests pass without a mutant: otherwise they would kill every one.
func passBefore(t *testing.T, run []mutant) {
	t.Helper()
	by := map[string][]string{}
	for _, m := range run {
		by[m.tests] = append(by[m.tests], m.by)
	}
	for dir, names := range by {
		if out, err := test(t, dir, strings.Join(names, "|"), ""); err != nil {
			t.Fatalf("%s fails without a mutant: %v\n%s", dir, err, out)
		}
	}
}

// tryAll tries the mutants, and sends what became of them.
func tryAll(t *testing.T, run []mutant) <-chan outcome {
	queue, done := make(chan mutant), make(chan outcome)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for m := range queue {
				done <- m.try(t)
			}
		})
	}
	go func() {
		for _, m := range run {
			queue <- m
		}
		close(queue)
		workers.Wait()
		close(done)
	}()
	return done
}

var failedTest = regexp.MustCompile(`--- FAIL: (\w+)`)

// try runs the tests that should notice the mutant.
func (m mutant) try(t *testing.T) outcome {
	o := outcome{mutant: m}
	content, err := m.apply()
	if err != nil {
		o.broken = err.Error()
		return o
	}
	out, err := test(t, m.tests, m.by, "-overlay="+overlay(t, m.file, content))
	switch failed := failedTest.FindStringSubmatch(out); {
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "no tests to run"):
		o.broken = "proves nothing:\n" + out
	case strings.Contains(out, "panic: test timed out"):
		o.hung = true
	case failed != nil:
		o.killer = failed[1]
	case err != nil:
		o.broken = "the tests do not fail, but end:\n" + out
	}
	return o
}

// overlay writes a file that makes Go compile content in place of a source file.
func overlay(t *testing.T, file, content string) string {
	dir := t.TempDir()
	absolute, err := filepath.Abs(filepath.Join(root, file))
	if err != nil {
		t.Error(err)
	}
	changed, list := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{absolute: changed}})
	if err == nil {
		err = os.WriteFile(changed, []byte(content), 0o644)
	}
	if err == nil {
		err = os.WriteFile(list, replace, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
	return list
}

// test runs tests of a package. The flag is also for what the tests themselves compile.
func test(t *testing.T, dir, by, flag string) (string, error) {
	// Servers of the tests run as another user, and in paths of sockets every byte counts.
	temporary, err := os.MkdirTemp("", "m")
	if err == nil {
		defer func() { _ = os.RemoveAll(temporary) }()
		err = os.Chmod(temporary, 0o755)
	}
	if err != nil {
		return "", err
	}
	ctx, done := context.WithTimeout(t.Context(), patience+time.Minute)
	defer done()
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-failfast", "-vet=off", "-ldflags=-s -w",
		"-timeout="+patience.String(), "-run=^("+by+")$", ".")
	command.Dir = filepath.Join(root, dir)
	command.Env = append(os.Environ(), "TMPDIR="+temporary, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" "+flag))
	command.WaitDelay = 10 * time.Second
	out, err := command.CombinedOutput()
	return string(out), err
}
