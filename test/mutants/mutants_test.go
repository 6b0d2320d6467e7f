// Package mutants breaks the code on purpose, each time in one way that a reviewer would think of, and looks whether the
// tests notice. The ways are in the files testdata/mutants.txt next to the code:
//
//	the first address of X-Forwarded-For counts             what is wrong, after an empty line
//	file: session.go                                        in this directory
//	by: TestLoginsAreLimitedByTheClientsAddress             the tests that should notice, perhaps after another package
//	- forwarded[strings.LastIndex(forwarded, ",")+1:]       text that is in the file once; indentation does not count
//	+ forwarded[:strings.Index(forwarded, ",")]             what replaces it; without such lines it is removed
//
// A line `equivalent: REASON` marks a mutant that nobody can notice; it is not run. TestEveryMutantIsInTheCode, which
// runs with all tests, fails when a text is gone: change the mutant with the code that it breaks.
package mutants

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dozen/internal/local/localtest"
)

var (
	kill = flag.Bool("kill", false, "run the tests on every mutant")
	only = flag.String("only", "", "run the mutants whose directory, file or name matches the expression")
)

const root = "../.."

// mutant is one way to break a file.
type mutant struct {
	name, file string // the file's path from the root
	tests      string // a package, by its directory from the root
	by         string // which of its tests should notice: one, or several with | between them
	equivalent string // why nobody can notice; empty if somebody can
	old, new   []string
}

// A mutant whose text has left the code breaks nothing, and what it stood for is guarded no more.
func TestEveryMutantIsInTheCode(t *testing.T) {
	all := load(t)
	names := map[string]bool{}
	for _, m := range all {
		if _, err := m.apply(); err != nil {
			t.Error(err)
		}
		if names[m.name] {
			t.Errorf("there are two mutants %q", m.name)
		}
		names[m.name] = true
		for test := range strings.SplitSeq(m.by, "|") {
			if m.equivalent == "" && !declared(t, m.tests, test) {
				t.Errorf("%s: %s has no test %q", m.name, m.tests, test)
			}
		}
	}
	least := 100
	if localtest.Bundled(root) {
		least = 400
	}
	if len(all) < least {
		t.Errorf("there are %d mutants, want %d", len(all), least)
	}
}

// declared reports whether a package has a test.
func declared(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}

// load reads every mutants.txt.
func load(t *testing.T) (all []mutant) {
	t.Helper()
	var files []string
	for _, pattern := range []string{"internal/*", "internal/*/*", "app", "app/cmd/*", "app/internal/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern, "testdata/mutants.txt"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := filepath.Rel(root, filepath.Dir(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(strings.TrimSpace(string(content)), "\n\n") {
			m, err := parse(dir, block)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			all = append(all, m)
		}
	}
	return all
}

// parse reads one mutant of a directory.
func parse(dir, block string) (m mutant, err error) {
	lines := strings.Split(block, "\n")
	m.name, m.tests = lines[0], dir
	for _, line := range lines[1:] {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "file:":
			m.file = filepath.Join(dir, value)
		case "by:":
			m.by = value
			if other, by, two := strings.Cut(value, " "); two {
				m.tests, m.by = other, by
			}
		case "equivalent:":
			m.equivalent = value
		case "-":
			m.old = append(m.old, strings.TrimSpace(value))
		case "+":
			m.new = append(m.new, value)
		default:
			return m, fmt.Errorf("%q: what is %q?", m.name, line)
		}
	}
	if m.file == "" || len(m.old) == 0 {
		return m, fmt.Errorf("%q: has no file or no text", m.name)
	}
	return m, nil
}

// apply returns the file with the mutation.
func (m mutant) apply() (string, error) {
	content, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	var quoted []string
	for _, line := range m.old {
		quoted = append(quoted, regexp.QuoteMeta(line))
	}
	found := regexp.MustCompile(strings.Join(quoted, `\n\s*`)).FindAllStringIndex(string(content), -1)
	if len(found) != 1 {
		return "", fmt.Errorf("%s: its text is %d times in %s, want once:\n%s", m.name, len(found), m.file, strings.Join(m.old, "\n"))
	}
	return string(content[:found[0][0]]) + strings.Join(m.new, "\n") + string(content[found[0][1]:]), nil
}
