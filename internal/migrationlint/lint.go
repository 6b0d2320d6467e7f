package migrationlint

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Problem is a statement that would break the running version.
type Problem struct {
	File    string
	Line    int
	Rule    string
	Subject string // what the statement is about, such as "orders.total"
}

// String returns "file:line: rule: subject: what it breaks. Safe: the safe form."
func (p Problem) String() string {
	r := rules[p.Rule]
	return fmt.Sprintf("%s:%d: %s: %s: %s. Safe: %s.", p.File, p.Line, p.Rule, p.Subject, r.breaks, r.safe)
}

// Directories lints every *.sql file below the directories, in the order in which goose runs them: by name. It returns
// the problems and the number of files. The error is about a file that cannot be read.
func Directories(dirs ...string) (problems []Problem, files int, err error) {
	for _, dir := range dirs {
		var l linter
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".sql" {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			problems = append(problems, l.file(path, string(content))...)
			return nil
		})
		if err != nil {
			return problems, files, err
		}
	}
	return problems, files, nil
}

// linter knows what earlier migrations of its directory have prepared.
type linter struct {
	checked   map[string]string // constraint on a table -> the column that it keeps from being NULL, not validated yet
	validated map[string]bool   // columns that contain no NULL

	name            string
	migration       migration
	current         statement
	created         map[string]bool // tables of this file
	added           map[string]bool // constraints of this file
	timeoutSet      bool            // lock_timeout is set
	timeoutReported bool            // the problem that it is not set
	droppedIndex    string          // the index that the previous statement has dropped
	problems        []Problem
}

// file lints one migration.
func (l *linter) file(name, content string) []Problem {
	if l.checked == nil {
		l.checked, l.validated = map[string]string{}, map[string]bool{}
	}
	*l = linter{
		checked: l.checked, validated: l.validated,
		name: name, migration: read(content), created: map[string]bool{}, added: map[string]bool{},
	}
	if !l.migration.found {
		l.current = statement{line: 1}
		l.breaks("no-goose-up", "the file")
		return l.problems
	}
	if err := l.migration.parse(); err != nil {
		l.current = statement{line: 1}
		l.breaks("syntax", strings.TrimSpace(err.Error()))
		return l.problems
	}
	for _, l.current = range l.migration.statements {
		before := l.droppedIndex
		l.statement()
		if l.droppedIndex == before {
			l.droppedIndex = ""
		}
	}
	return l.withoutOverridden()
}

// breaks records that the current statement breaks a rule.
func (l *linter) breaks(rule, subject string) {
	l.problems = append(l.problems, Problem{File: l.name, Line: l.current.line, Rule: rule, Subject: subject})
}

// withoutOverridden removes the problems that an override allows, and adds one for each override that allows nothing.
func (l *linter) withoutOverridden() []Problem {
	left := slices.DeleteFunc(l.problems, func(p Problem) bool {
		allowed := false
		for i := range l.migration.overrides {
			o := &l.migration.overrides[i]
			if o.rule == p.Rule && l.isNext(o.line, p.Line) && len(o.reason) >= minReason {
				o.used, allowed = true, true
			}
		}
		return allowed
	})
	for _, o := range l.migration.overrides {
		if !o.used {
			subject := fmt.Sprintf("%q with the reason %q", o.rule, o.reason)
			left = append(left, Problem{File: l.name, Line: o.line, Rule: "bad-override", Subject: subject})
		}
	}
	slices.SortStableFunc(left, func(a, b Problem) int { return a.Line - b.Line })
	return left
}

// minReason is the shortest reason of an override, in bytes: longer than "ok" and "fine".
const minReason = 10

// isNext reports whether the statement at a line is the next one after an override.
func (l *linter) isNext(override, line int) bool {
	if line <= override {
		return false
	}
	between := func(s statement) bool { return s.line > override && s.line < line }
	return !slices.ContainsFunc(l.migration.statements, between)
}

// decode reads the current statement's tree. The parser has made it, so a failure is a bug.
func decode[T any](l *linter) T {
	var into T
	if err := json.Unmarshal(l.current.tree, &into); err != nil {
		panic(fmt.Sprintf("%s:%d: the tree of %s: %v", l.name, l.current.line, l.current.kind, err))
	}
	return into
}

// needsTimeout requires a lock_timeout for a statement that waits for a lock on a table in use. It reports this once
// for each file.
func (l *linter) needsTimeout(subject string) {
	if !l.timeoutSet && !l.timeoutReported {
		l.timeoutReported = true
		l.breaks("no-lock-timeout", subject)
	}
}
