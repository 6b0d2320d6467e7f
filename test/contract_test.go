package test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// contractTable gives the names in the table of variables that every process receives, sorted.
func contractTable(t *testing.T) []string {
	t.Helper()
	text := readFile(t, "docs/contract.md")
	_, table, ok := strings.Cut(text, "## Environment variables that every process receives")
	if !ok {
		t.Fatal("docs/contract.md has no table of variables")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	table, _, _ = strings.Cut(table, "\n### ")
	var names []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return names
}

// exampleVariables gives the names in app/.env.example.
func exampleVariables(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^#? ?([A-Z][A-Z0-9_]*)=`).FindAllStringSubmatch(readFile(t, "app/.env.example"), -1) {
		names = append(names, match[1])
	}
	return names
}

// readFile reads a file of the repository.
func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
