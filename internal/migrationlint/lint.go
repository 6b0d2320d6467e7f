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

// Problem is a statement that is not known to be safe for the version that is still running.
type Problem struct {
	File      string
	Line      int
	Rule      string
	Subject   string // what the statement is about, such as "orders.total"
	Statement string // its beginning, in one line; empty if the problem is the file's

	statement int // its number in the file
}

// String returns three lines: "file:line: rule: subject: why", the statement, and the safe form.
func (p Problem) String() string {
	r := rules[p.Rule]
	text := fmt.Sprintf("%s:%d: %s: %s: %s\n", p.File, p.Line, p.Rule, p.Subject, r.breaks)
	if p.Statement != "" {
		text += "    " + p.Statement + "\n"
	}
	return text + "    safe: " + r.safe
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

// linter checks the migrations of a directory, one after the other.
type linter struct {
	known *known

	name            string
	migration       migration
	current         statement
	number          int             // of the current statement
	next            *statement      // after the current one
	fresh           map[string]bool // what this file has made, such as "table orders"
	temporary       map[string]bool // names of its temporary tables
	added           map[string]bool // columns of this file; true if they have a default
	timeoutSet      bool            // lock_timeout is set
	timeoutReported bool            // the problem that it is not set
	held            string          // a table that this transaction keeps others from
	droppedIndex    string          // the index that the previous statement has dropped
	problems        []Problem
}

// file lints one migration.
func (l *linter) file(name, content string) []Problem {
	if l.known == nil {
		l.known = newKnown()
	}
	l.known.nextFile()
	*l = linter{
		known: l.known, name: name, migration: read(content),
		fresh: map[string]bool{}, temporary: map[string]bool{}, added: map[string]bool{},
	}
	if !l.migration.found {
		return []Problem{{File: name, Line: 1, Rule: "no-goose-up", Subject: "the file", statement: -1}}
	}
	if err := l.migration.parse(); err != nil {
		return []Problem{{File: name, Line: 1, Rule: "syntax", Subject: strings.TrimSpace(err.Error()), statement: -1}}
	}
	for l.number, l.current = range l.migration.statements {
		before := l.droppedIndex
		l.next = nil
		if l.number+1 < len(l.migration.statements) {
			l.next = &l.migration.statements[l.number+1]
		}
		l.statement()
		l.learn()
		if l.droppedIndex == before {
			l.droppedIndex = ""
		}
	}
	problems := l.withoutOverridden()
	slices.SortStableFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
	return problems
}

// breaks records that the current statement breaks a rule, once for each subject.
func (l *linter) breaks(rule, subject string) {
	if subject = strings.Trim(subject, ". "); subject == "" {
		subject = l.current.title()
	}
	p := Problem{l.name, l.current.line, rule, subject, l.current.excerpt(), l.number}
	if !slices.Contains(l.problems, p) {
		l.problems = append(l.problems, p)
	}
}

// decode reads the current statement's tree.
func decode[T any](l *linter) T { return decodeOf[T](l.current) }

// decodeOf reads a statement's tree. The parser has made it, so a failure is a bug.
func decodeOf[T any](s statement) T {
	var into T
	if err := json.Unmarshal(s.tree, &into); err != nil {
		panic(fmt.Sprintf("line %d: the tree of %s: %v", s.line, s.kind, err))
	}
	return into
}
