package test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// update rewrites snapshots and the README's tables. CI refuses it: a snapshot that rewrites itself notices nothing.
var update = flag.Bool("update", false, "rewrite snapshots and the README's tables")

// A reviewer sees every change of a template as a change of a file.
func TestTemplatesMatchSnapshots(t *testing.T) {
	each(t, func(t *testing.T, e environment) {
		compare(t, filepath.Join("snapshots", e.Name+"-data.json"), normalized(e.data))
		compare(t, filepath.Join("snapshots", e.Name+"-services.json"), normalized(e.services))
	})
}

var (
	assetHash    = regexp.MustCompile(`[0-9a-f]{64}`)
	imageVersion = regexp.MustCompile(`"[0-9a-f]{12}"`)
)

// normalized leaves out what changes with every line of the app, and metadata, which deploys nothing.
func normalized(tpl template) []byte {
	content := changeable(tpl)
	for _, resource := range content["Resources"].(map[string]any) {
		delete(resource.(map[string]any), "Metadata")
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	must(encoder.Encode(content))
	return imageVersion.ReplaceAll(assetHash.ReplaceAll(text.Bytes(), []byte("HASH")), []byte(`"HASH"`))
}

// compare compares content with a file, or with -update rewrites the file.
func compare(t *testing.T, path string, content []byte) {
	t.Helper()
	if *update {
		if os.Getenv("CI") == "true" {
			t.Fatal("snapshots are not updated in CI: run make snapshots, look at the difference, and commit it")
		}
		must(os.MkdirAll(filepath.Dir(path), 0o755))
		must(os.WriteFile(path, content, 0o644))
		return
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run make snapshots", err)
	}
	if bytes.Equal(old, content) {
		return
	}
	was, is := strings.Split(string(old), "\n"), strings.Split(string(content), "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			t.Fatalf("%s differs from line %d on:\n- %s\n+ %s\nIf this is wanted, run make snapshots and review the difference.",
				path, i+1, was[i], is[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d; if this is wanted, run make snapshots", path, len(is), len(was))
}
