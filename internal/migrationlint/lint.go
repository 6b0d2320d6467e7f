package migrationlint

import (
	"encoding/json"
	"fmt"
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

// Settings are what the linter cannot read in the migrations.
type Settings struct {
	LockTimeoutIsSet bool // for every migration, by its connection
}

// Directory lints every migration below a directory in the order in which tools run them: by name. It returns the problems and the
// number of files. The error is about a file that cannot be read.
func (s Settings) Directory(dir string) (problems []Problem, files int, err error) {
	found, err := find(dir, func(string, string) bool { return true })
	return s.files(found), len(found), err
}

// App lints the migrations of an app: the *.sql files that are annotated as one, or lie below a directory whose name begins with
// "migrat". Other SQL, such as seeds and queries, is none.
func (s Settings) App(dir string) (problems []Problem, files int, err error) {
	found, err := find(dir, isMigration)
	return s.files(found), len(found), err
}

// Text lints SQL that a tool has printed.
func (s Settings) Text(name, sql string) []Problem { return s.files([]source{{name, sql}}) }

func (s Settings) files(all []source) (problems []Problem) {
	l := linter{settings: s}
	for _, f := range all {
		problems = append(problems, l.file(f.path, f.content)...)
	}
	return problems
}

// linter checks the migrations of a directory, one after the other.
type linter struct {
	settings Settings
	known    *known

	name            string
	migration       migration
	current         statement
	number          int             // of the current statement
	next            *statement      // after the current one
	fresh           map[string]bool // what this file has made, such as "table orders"
	temporary       map[string]bool // names of its temporary tables
	added           map[string]bool // columns of this file; true if they have a default
	timeoutSet      bool            // lock_timeout is set
	timeoutLocal    bool            // until the end of the transaction
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
		settings: l.settings, known: l.known, name: name, migration: read(content), timeoutSet: l.settings.LockTimeoutIsSet,
		fresh: map[string]bool{}, temporary: map[string]bool{}, added: map[string]bool{},
	}
	if l.known.annotated && !l.migration.annotated {
		return []Problem{{File: name, Line: 1, Rule: "no-goose-up", Subject: "the file", statement: -1}}
	}
	if err := l.migration.parse(); err != nil {
		return []Problem{{File: name, Line: 1, Rule: "syntax", Subject: strings.TrimSpace(err.Error()), statement: -1}}
	}
	l.known.annotated = l.migration.annotated
	if !l.migration.annotated {
		l.migration.noTx = l.migration.hasBegin() || l.migration.isConcurrent()
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
