package migrationlint

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// corpus are the files of examples: what an audit has found, what the rules were written with, and what was put aside
// until they were finished.
var corpus = []string{"m11", "seen", "held_out"}

// example is one or more migrations of testdata/corpus, and what a release that still runs makes of them.
type example struct {
	name    string // the file's name, the reason and the source
	harmful bool
	unseen  bool // PostgreSQL cannot tell that it is harmful: a reviewer has said so
	files   []migrationFile
}

type migrationFile struct {
	content string // in the frame of a goose file
	noTx    bool
}

const (
	inTx = "-- +goose Up\nSET LOCAL lock_timeout = '2s';\n"
	noTx = "-- +goose NO TRANSACTION\n-- +goose Up\nSET lock_timeout = '2s';\n"
)

var (
	exampleHead = regexp.MustCompile(`(?m)^## (harmful|safe)((?: notx| bare| unseen)*): (.+ \[.+\])\n`)
	nextFile    = regexp.MustCompile(`(?m)^---- next file( notx)?\n`)
)

// examples reads one file of the corpus. An example begins with "## VERDICT FLAGS: REASON [SOURCE]". The flags: notx for
// a file without a transaction, bare for a file with its own frame, unseen for what PostgreSQL cannot tell.
func examples(t testing.TB, name string) []example {
	t.Helper()
	text := corpusFile(t, name)
	heads := exampleHead.FindAllStringSubmatchIndex(text, -1)
	if len(heads) != strings.Count(text, "\n## ") {
		t.Fatalf("%s.sql: %d of %d heads of examples are right", name, len(heads), strings.Count(text, "\n## "))
	}
	var all []example
	for i, at := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		verdict, flags, sql := text[at[2]:at[3]], text[at[4]:at[5]], text[at[1]:end]
		e := example{
			name: name + ": " + text[at[6]:at[7]], harmful: verdict == "harmful", unseen: strings.Contains(flags, "unseen"),
		}
		for begin := 0; begin <= len(sql); {
			part, next, nextFlags := sql[begin:], len(sql)+1, ""
			if found := nextFile.FindStringSubmatchIndex(part); found != nil {
				next, nextFlags = begin+found[1], part[found[0]:found[1]]
				part = part[:found[0]]
			}
			f := migrationFile{content: part, noTx: strings.Contains(flags, "notx")}
			switch {
			case f.noTx:
				f.content = noTx + part
			case !strings.Contains(flags, "bare"):
				f.content = inTx + part
			}
			e.files = append(e.files, f)
			begin, flags = next, nextFlags
		}
		all = append(all, e)
	}
	return all
}

// lint lints an example as the last migrations of a directory that begins with the corpus's schema.
func (e example) lint(t testing.TB) []Problem {
	t.Helper()
	var l linter
	l.file("schema.sql", corpusFile(t, "schema"))
	var problems []Problem
	for _, f := range e.files {
		problems = append(problems, l.file("f.sql", f.content)...)
	}
	return problems
}

func TestBaseline(t *testing.T) {
	for _, name := range strings.Fields(os.Getenv("CORPUS")) {
		harmful, safe, passed, refused := 0, 0, 0, 0
		for _, e := range examples(t, name) {
			p := e.lint(t)
			if e.harmful {
				harmful++
				if len(p) == 0 {
					passed++
				}
			} else {
				safe++
				if len(p) > 0 {
					refused++
				}
			}
		}
		t.Logf("%s: %d harmful, %d passed; %d safe, %d refused", name, harmful, passed, safe, refused)
	}
}
