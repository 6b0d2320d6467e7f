package migrationlint

import (
	"fmt"
	"regexp"
	"strings"
)

// override allows one problem of the statement below it.
type override struct {
	line         int
	statement    int // its number in the migration
	rule, reason string
}

// minReason is the shortest reason of an override, in bytes: longer than "ok" and "fine".
const minReason = 10

var overrideForm = regexp.MustCompile(`(?m)^[ \t]*--[ \t]*dozen:allow\b[ \t]*([\w-]*)[ \t]*:?[ \t]*(.*?)[ \t\r]*$`)

// findOverrides reads the overrides between two statements: a comment inside a statement, a string or another comment is
// none.
func (m *migration) findOverrides(from, to, statement int) {
	gap := m.up[from:to]
	if from > 0 && !strings.Contains(gap, "\n") {
		return
	}
	for at := 0; at < len(gap); {
		switch rest := gap[at:]; {
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			begin := strings.LastIndexByte(m.up[:from+at], '\n') + 1
			if match := overrideForm.FindStringSubmatch(m.up[begin : from+at+end]); match != nil {
				line := 1 + strings.Count(m.up[:from+at], "\n")
				m.overrides = append(m.overrides, override{line, statement, match[1], match[2]})
			}
			at += end
		case strings.HasPrefix(rest, "/*"):
			at += blockComment(rest)
		default:
			at++
		}
	}
}

// withoutOverridden removes the problems that an override allows, one for each, and adds one for each override that
// allows nothing.
func (l *linter) withoutOverridden() []Problem {
	left := l.problems
	for _, o := range l.migration.overrides {
		at := -1
		for i, p := range left {
			if p.statement == o.statement && p.Rule == o.rule && len(o.reason) >= minReason {
				at = i
				break
			}
		}
		if at < 0 {
			subject := fmt.Sprintf("%q with the reason %q", o.rule, o.reason)
			left = append(left, Problem{File: l.name, Line: o.line, Rule: "bad-override", Subject: subject, statement: -1})
			continue
		}
		left = append(left[:at:at], left[at+1:]...)
	}
	return left
}
