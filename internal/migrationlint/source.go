package migrationlint

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/wasilibs/go-pgquery/parser"
)

// migration is what goose would run of a file on the way up.
type migration struct {
	up         string // the file with all other lines blank, so that lines keep their numbers
	found      bool   // the file has a line +goose Up
	noTx       bool
	overrides  []override
	statements []statement
}

// statement is one statement: its kind and its tree, as PostgreSQL's parser gives them.
type statement struct {
	line int
	text string
	kind string
	tree json.RawMessage
}

// override allows one rule for the statement that follows.
type override struct {
	line         int
	rule, reason string
	used         bool
}

var (
	annotation   = regexp.MustCompile(`^\s*--\s*\+goose\s+(.*?)\s*$`)
	overrideForm = regexp.MustCompile(`^\s*--\s*dozen:allow\b\s*([\w-]*)\s*:?\s*(.*?)\s*$`)
)

// read reads a file's annotations as goose does.
func read(content string) migration {
	var m migration
	var up []string
	inUp := false
	for i, line := range strings.Split(content, "\n") {
		kept := ""
		if match := annotation.FindStringSubmatch(line); match != nil {
			switch strings.ToUpper(match[1]) {
			case "UP":
				inUp, m.found = true, true
			case "DOWN":
				inUp = false
			case "NO TRANSACTION":
				m.noTx = true
			}
		} else if inUp {
			kept = line
			if match := overrideForm.FindStringSubmatch(line); match != nil {
				m.overrides = append(m.overrides, override{line: i + 1, rule: match[1], reason: match[2]})
			}
		}
		up = append(up, kept)
	}
	m.up = strings.Join(up, "\n")
	return m
}

// parse finds the statements. The error has no line, because the parser does not give one.
func (m *migration) parse() error {
	text, err := parser.ParseToJSON(m.up)
	if err != nil {
		return err
	}
	var tree struct {
		Stmts []struct {
			Stmt     map[string]json.RawMessage `json:"stmt"`
			Location int                        `json:"stmt_location"`
			Length   int                        `json:"stmt_len"`
		} `json:"stmts"`
	}
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return err
	}
	for _, s := range tree.Stmts {
		for kind, node := range s.Stmt {
			begin := s.Location + leading(m.up[s.Location:])
			end := len(m.up)
			if s.Length > 0 {
				end = s.Location + s.Length
			}
			line := 1 + strings.Count(m.up[:begin], "\n")
			m.statements = append(m.statements, statement{line: line, text: m.up[begin:end], kind: kind, tree: node})
		}
	}
	return nil
}

// leading returns the length of the blanks and comments before a statement.
func leading(sql string) int {
	n := 0
	for n < len(sql) {
		switch rest := sql[n:]; {
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				return len(sql)
			}
			n += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return len(sql)
			}
			n += end + len("*/")
		case strings.ContainsRune(" \t\r\n;", rune(rest[0])):
			n++
		default:
			return n
		}
	}
	return n
}
