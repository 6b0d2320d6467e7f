package migrationlint

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// hard are inputs that are long or deep, with the beginning of the problem that they give last. After one of the last
// two the parser cannot be used in this process any more.
var hard = []struct{ name, sql, want string }{
	{"parentheses", "SELECT " + strings.Repeat("(", 20_000) + "1" + strings.Repeat(")", 20_000) + ";", "memory exhausted"},
	{"conditions", "DELETE FROM items WHERE id = 1" + strings.Repeat(" AND id = 1", 2_000) + ";", ""},
	{"statements", strings.Repeat("ALTER TABLE orders ADD COLUMN a int;\n", 2_000), ""},
	{"overrides", "SELECT 1;\n" + strings.Repeat("-- dozen:allow drop-table: not read since release 41\n", 2_000) + "SELECT 1;",
		"an override"},
	{"subqueries", "SELECT " + strings.Repeat("(SELECT ", 500) + "1" + strings.Repeat(")", 500) + ";", "the parser"},
	{"a sum", "SELECT 1" + strings.Repeat(" + 1", 20_000) + ";", "the parser"},
}

// Prevents: a migration that makes the linter panic, or hang, so that somebody takes it out of CI. The last inputs run
// in processes of their own.
func TestHardInputEnds(t *testing.T) {
	only := os.Getenv("LINT_HARD_INPUT")
	for i, input := range hard {
		if i >= len(hard)-2 && only == "" && testing.Short() {
			continue
		}
		if i >= len(hard)-2 && only == "" {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHardInputEnds$")
			child.Env = append(os.Environ(), "LINT_HARD_INPUT="+input.name)
			if out, err := child.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", input.name, err, out)
			}
			continue
		}
		if only != "" && only != input.name {
			continue
		}
		lintForm(t, "SELECT 1;") // the first call compiles the parser
		patience = 3 * time.Second
		begin, last := time.Now(), ""
		for _, p := range lintForm(t, input.sql) {
			last = p.String()
		}
		took := time.Since(begin)
		if took > 30*time.Second || !strings.Contains(last, input.want) || (last == "") != (input.want == "") {
			t.Errorf("%s: after %v %q, want %q", input.name, took, last, input.want)
		}
		if only != "" && len(lintForm(t, "SELECT 1;")) != 1 {
			t.Error("the parser is used after it has failed")
		}
	}
}

// Prevents: a panic of the rules on a tree that nobody thought of. The corpus is the seed.
func FuzzLint(f *testing.F) {
	for _, name := range corpus {
		for _, e := range examples(f, name) {
			for _, file := range e.files {
				f.Add(file.content)
			}
		}
	}
	f.Fuzz(func(t *testing.T, content string) {
		var l linter
		l.file("schema.sql", content) // what is known of the database is arbitrary too
		for _, p := range l.file("f.sql", content) {
			if rules[p.Rule].safe == "" || p.Subject == "" || p.Line < 1 || p.Line > 1+strings.Count(content, "\n") {
				t.Errorf("%+v", p)
			}
		}
	})
}
