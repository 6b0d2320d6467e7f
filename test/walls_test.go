package test

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dozen/internal/local/localtest"
)

// room is a package: what it imports of ours, and what it depends on of others, directly or not.
type room struct {
	imports []string // such as stacks/data; main is .
	others  []string
}

// allowance is a row of CONTRIBUTING.md's tables.
type allowance struct {
	imports []string
	cdk     bool
}

// Prevents: a wall of the house that falls one import at a time. CONTRIBUTING.md says who may import whom.
func TestWalls(t *testing.T) {
	for _, problem := range brokenWalls(rooms(t), allowances(t)) {
		t.Error(problem)
	}
}

// A check that cannot fail guards nothing: each wall is broken once, on paper, and must be noticed.
func TestEveryWallIsNoticed(t *testing.T) {
	house, allowed := rooms(t), allowances(t)
	if len(brokenWalls(house, allowed)) > 0 {
		return // TestWalls reports it; here it would be reported a thousand times
	}
	broken := 0
	try := func(name string, more room) {
		t.Helper()
		damaged := map[string]room{}
		for other, r := range house {
			damaged[other] = r
		}
		damaged[name] = room{slices.Concat(house[name].imports, more.imports), slices.Concat(house[name].others, more.others)}
		if problems := brokenWalls(damaged, allowed); len(problems) != 1 {
			t.Errorf("%s with %v: %d problems: %v", name, more, len(problems), problems)
		}
		broken++
	}
	for name := range house {
		for other := range house {
			if other != name && !slices.Contains(allowed[name].imports, other) {
				try(name, room{imports: []string{other}})
			}
		}
		if !allowed[name].cdk {
			try(name, room{others: []string{"github.com/aws/aws-cdk-go/awscdk/v2"}})
		}
		if pure(name) {
			try(name, room{others: []string{"os"}})
		}
	}
	if broken < 500 {
		t.Errorf("only %d walls were broken", broken)
	}
	delete(allowed, "config")
	if problems := brokenWalls(house, allowed); len(problems) != 1 {
		t.Errorf("a room without a row: %v", problems)
	}
}

// brokenWalls compares the code with the tables.
func brokenWalls(house map[string]room, allowed map[string]allowance) []string {
	var problems []string
	for name, r := range house {
		row, ok := allowed[name]
		if !ok {
			problems = append(problems, fmt.Sprintf("CONTRIBUTING.md has no row for %s", name))
			continue
		}
		for _, other := range r.imports {
			if !slices.Contains(row.imports, other) {
				problems = append(problems, fmt.Sprintf("%s imports %s, and CONTRIBUTING.md does not allow it", name, other))
			}
		}
		for _, other := range r.others {
			if !row.cdk && ofCDK.MatchString(other) {
				problems = append(problems, fmt.Sprintf("%s depends on the construct library: %s", name, other))
				break
			}
		}
		if pure(name) && slices.Contains(r.others, "os") {
			problems = append(problems, fmt.Sprintf("%s imports os, and only main.go may read the outside", name))
		}
	}
	for name := range allowed {
		if _, ok := house[name]; !ok {
			problems = append(problems, fmt.Sprintf("CONTRIBUTING.md has a row for %s, which does not exist", name))
		}
	}
	slices.Sort(problems)
	return problems
}

var ofCDK = regexp.MustCompile(`^github\.com/(aws/(aws-cdk-go|jsii-runtime-go|constructs-go)|cdklabs)/`)

// pure reports whether a room gets everything that it knows from its caller.
func pure(name string) bool {
	return name == "config" || name == "stacks" || strings.HasPrefix(name, "stacks/")
}

// modules are the directories of the house, and of the bundled app if a team has not replaced it.
func modules() []string {
	if localtest.Bundled(root) {
		return []string{root, filepath.Join(root, "app")}
	}
	return []string{root}
}

// rooms reads the packages of the modules, without their tests.
func rooms(t *testing.T) map[string]room {
	t.Helper()
	house := map[string]room{}
	for _, module := range modules() {
		list := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
		list.Dir = module
		out, err := list.Output()
		must(err)
		for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
			var found struct {
				ImportPath    string
				Imports, Deps []string
			}
			if err := decoder.Decode(&found); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			name := roomName(found.ImportPath)
			r := room{}
			for _, path := range found.Imports {
				if strings.HasPrefix(path, "dozen/") {
					r.imports = append(r.imports, roomName(path))
				} else if path == "os" || strings.HasPrefix(path, "os/") {
					r.others = append(r.others, "os")
				}
			}
			for _, path := range found.Deps {
				if ofCDK.MatchString(path) {
					r.others = append(r.others, path)
				}
			}
			house[name] = r
		}
	}
	return house
}

func roomName(path string) string {
	if path == "dozen" {
		return "."
	}
	return strings.TrimPrefix(path, "dozen/")
}

// allowances reads CONTRIBUTING.md's tables of rooms.
func allowances(t *testing.T) map[string]allowance {
	t.Helper()
	_, section, _ := strings.Cut(readFile(t, "CONTRIBUTING.md"), "## Rooms")
	section, _, _ = strings.Cut(section, "\n## ")
	if !localtest.Bundled(root) {
		section, _, _ = strings.Cut(section, "\nThe bundled app is a Go module of its own")
	}
	allowed := map[string]allowance{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9./]+)` \\|.*\\|(.*)\\|$").FindAllStringSubmatch(section, -1) {
		a := allowance{cdk: strings.Contains(row[2], "CDK")}
		for _, name := range regexp.MustCompile("`([a-z0-9./]+)`").FindAllStringSubmatch(row[2], -1) {
			a.imports = append(a.imports, name[1])
		}
		allowed[row[1]] = a
	}
	if len(allowed) < 25 {
		t.Fatalf("CONTRIBUTING.md lists %d rooms", len(allowed))
	}
	return allowed
}
