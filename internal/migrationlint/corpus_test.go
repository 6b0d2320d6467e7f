package migrationlint

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// corpus are the files of examples: what an audit has found, what the rules were written with, what was put aside until
// they were finished, and what we have tried afterwards.
var corpus = []string{"m11", "seen", "held_out", "review"}

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

// wrong returns the examples of a file with another verdict than the linter's.
func wrong(t testing.TB, name string) (passed, refused []string, harmful, safe int) {
	t.Helper()
	for _, e := range examples(t, name) {
		problems := e.lint(t)
		switch {
		case e.harmful && len(problems) == 0:
			passed = append(passed, e.name)
		case !e.harmful && len(problems) > 0:
			refused = append(refused, e.name+"\n"+problems[0].String())
		}
		if e.harmful {
			harmful++
		} else {
			safe++
		}
	}
	return passed, refused, harmful, safe
}

// Prevents: a linter that passes what breaks the running version, or that is switched off because it refuses what does
// not. At most 2 % may be wrong either way.
func TestCorpus(t *testing.T) {
	for _, name := range corpus {
		if os.Getenv("ONLY") != "" && !strings.Contains(os.Getenv("ONLY"), name) {
			continue
		}
		passed, refused, harmful, safe := wrong(t, name)
		t.Logf("%s: %d of %d harmful pass, %d of %d safe are refused", name, len(passed), harmful, len(refused), safe)
		if 50*len(passed) > harmful || 50*len(refused) > safe || name == "m11" && len(passed)+len(refused) > 0 {
			t.Errorf("%s: too many\nharmful, and pass:\n%s\nsafe, and are refused:\n%s", name,
				strings.Join(passed, "\n"), strings.Join(refused, "\n"))
		}
	}
}
