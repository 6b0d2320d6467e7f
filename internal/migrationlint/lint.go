package migrationlint

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Finding is one statement that the running release would suffer from.
type Finding struct {
	File    string
	Line    int
	Rule    string
	Subject string // what the statement is about, such as "orders.total"
}

// String is "file:line: rule: subject: what it breaks. Safe: the safe form."
func (f Finding) String() string {
	r := rules[f.Rule]
	return fmt.Sprintf("%s:%d: %s: %s: %s. Safe: %s.", f.File, f.Line, f.Rule, f.Subject, r.breaks, r.safe)
}

// Rules are the names of all rules, sorted.
func Rules() []string { return slices.Sorted(maps.Keys(rules)) }

// Directories lints every *.sql file below the directories, in the order in which goose runs them: by name. It tells
// how many files it has read. An error means that some could not be.
func Directories(dirs ...string) (findings []Finding, files int, err error) {
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
			findings = append(findings, l.file(path, string(content))...)
			return nil
		})
		if err != nil {
			return findings, files, err
		}
	}
	return findings, files, nil
}

// linter knows what earlier migrations of its directory have prepared.
type linter struct {
	checked   map[string]string // constraint on a table -> the column that it holds not null, not validated yet
	validated map[string]bool   // columns that are known to hold no NULL

	name      string
	migration migration
	at        statement
	created   map[string]bool // tables of this file
	added     map[string]bool // constraints of this file
	timeout   bool            // lock_timeout is set
	told      bool            // that it is not
	dropped   string          // the index that the statement before has dropped
	findings  []Finding
}

// file lints one migration.
func (l *linter) file(name, content string) []Finding {
	if l.checked == nil {
		l.checked, l.validated = map[string]string{}, map[string]bool{}
	}
	l.name, l.migration, l.findings = name, read(content), nil
	l.created, l.added, l.timeout, l.told, l.dropped = map[string]bool{}, map[string]bool{}, false, false, ""
	if !l.migration.found {
		l.at = statement{line: 1}
		l.report("no-goose-up", "the file")
		return l.findings
	}
	if err := l.migration.parse(); err != nil {
		l.at = statement{line: 1}
		l.report("syntax", strings.TrimSpace(err.Error()))
		return l.findings
	}
	for _, l.at = range l.migration.statements {
		before := l.dropped
		l.statement()
		if l.dropped == before {
			l.dropped = ""
		}
	}
	return l.overridden()
}

func (l *linter) report(rule, subject string) {
	l.findings = append(l.findings, Finding{File: l.name, Line: l.at.line, Rule: rule, Subject: subject})
}

// overridden takes out what is allowed, and reports overrides that are badly made or allow nothing.
func (l *linter) overridden() []Finding {
	left := slices.DeleteFunc(l.findings, func(f Finding) bool {
		allowed := false
		for i := range l.migration.overrides {
			o := &l.migration.overrides[i]
			if o.rule == f.Rule && l.follows(f.Line, o.line) && len(o.reason) >= shortestReason {
				o.used, allowed = true, true
			}
		}
		return allowed
	})
	for _, o := range l.migration.overrides {
		if !o.used {
			left = append(left, Finding{File: l.name, Line: o.line, Rule: "bad-override", Subject: fmt.Sprintf("%q with the reason %q", o.rule, o.reason)})
		}
	}
	slices.SortStableFunc(left, func(a, b Finding) int { return a.Line - b.Line })
	return left
}

// shortestReason keeps "ok" and "fine" out.
const shortestReason = 10

// follows says that no other statement stands between an override and the statement at a line.
func (l *linter) follows(line, override int) bool {
	if line <= override {
		return false
	}
	return !slices.ContainsFunc(l.migration.statements, func(s statement) bool { return s.line > override && s.line < line })
}

// decode reads the current statement's tree. The parser has made it, so a failure is a mistake of ours.
func decode[T any](l *linter) T {
	var into T
	if err := json.Unmarshal(l.at.tree, &into); err != nil {
		panic(fmt.Sprintf("%s:%d: the tree of %s: %v", l.name, l.at.line, l.at.kind, err))
	}
	return into
}

// locks notes a statement that waits for a lock on a table that is in use.
func (l *linter) locks(subject string) {
	if !l.timeout && !l.told {
		l.told = true
		l.report("no-lock-timeout", subject)
	}
}
