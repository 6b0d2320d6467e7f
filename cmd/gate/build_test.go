package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The function's asset must have the same bytes from any directory: otherwise every machine would deploy it again, and
// each deployment would begin with a needless change.
func TestBuildIsReproducible(t *testing.T) {
	first, second := buildIn(t, t.TempDir()), buildIn(t, filepath.Join(t.TempDir(), "another", "place"))
	if len(first) < 1<<20 || !bytes.Equal(first, second) {
		t.Errorf("two builds differ: %d and %d bytes", len(first), len(second))
	}
	const maxSize = 16 << 20
	if len(first) > maxSize {
		t.Errorf("the function has %d bytes, more than %d: its cold start is part of every release", len(first), maxSize)
	}
}

func buildIn(t *testing.T, dir string) []byte {
	t.Helper()
	for _, part := range []string{"go.mod", "go.sum", "cmd/gate", "internal/gate"} {
		copyPart(t, filepath.Join("../..", part), filepath.Join(dir, part))
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=",
		"-tags", "lambda.norpc", "-o", ".build/gate/bootstrap", "./cmd/gate")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	binary, err := os.ReadFile(filepath.Join(dir, ".build/gate/bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func copyPart(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
