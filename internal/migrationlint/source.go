package migrationlint

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

// migration is what a tool would run of a file on the way up.
type migration struct {
	up         string // the file with all other lines blank, so that lines keep their numbers
	annotated  bool   // the file says which of its lines are the way up
	noTx       bool
	statements []statement
	overrides  []override
}

// statement is one statement: its kind and its tree, as PostgreSQL's parser gives them.
type statement struct {
	line int
	text string
	kind string
	tree json.RawMessage
}

// annotation is a line of goose (-- +goose Up), sql-migrate (-- +migrate Up notransaction) or dbmate (-- migrate:up transaction:false).
var annotation = regexp.MustCompile(`^\s*--\s*(?:\+goose\s+|\+migrate\s+|migrate:)(.*?)\s*$`)

// read reads a file's annotations as its tool does. A file without annotations is the way up as a whole.
func read(content string) migration {
	m := migration{up: content}
	var up []string
	inUp := false
	for line := range strings.SplitSeq(content, "\n") {
		kept := ""
		if match := annotation.FindStringSubmatch(strings.ToLower(line)); match != nil {
			switch match[1] {
			case "up":
				inUp, m.annotated = true, true
			case "up notransaction", "up transaction:false":
				inUp, m.annotated, m.noTx = true, true, true
			case "down", "down notransaction", "down transaction:false":
				inUp = false
			case "no transaction":
				m.noTx = true
			}
		} else if inUp {
			kept = line
		}
		up = append(up, kept)
	}
	if m.annotated {
		m.up = strings.Join(up, "\n")
	}
	return m
}

// parse finds the statements, and the overrides above them. The error has no line, because the parser does not give one.
func (m *migration) parse() error {
	if !utf8.ValidString(m.up) || strings.ContainsRune(m.up, 0) {
		return errors.New("the file is not UTF-8, or has a NUL character")
	}
	text, err := parseToJSON(m.up)
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
	line, counted, end := 1, 0, 0
	lineAt := func(position int) int {
		line += strings.Count(m.up[counted:position], "\n")
		counted = position
		return line
	}
	for _, s := range tree.Stmts {
		for kind, node := range s.Stmt {
			begin := end + leading(m.up[end:])
			m.findOverrides(end, begin, len(m.statements))
			end = len(m.up)
			if s.Length > 0 {
				end = s.Location + s.Length
			}
			m.statements = append(m.statements, statement{lineAt(begin), m.up[begin:end], kind, node})
		}
	}
	m.findOverrides(end, len(m.up), len(m.statements))
	return nil
}

// leading returns the length of the blanks, semicolons and comments before a statement.
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
			n += blockComment(rest)
		case strings.IndexByte(" \t\r\n\f\v;", rest[0]) >= 0:
			n++
		default:
			return n
		}
	}
	return n
}

// blockComment returns the length of a comment, which may contain others.
func blockComment(sql string) int {
	depth := 0
	for n := 0; n < len(sql); n++ {
		switch {
		case strings.HasPrefix(sql[n:], "/*"):
			depth++
			n++
		case strings.HasPrefix(sql[n:], "*/"):
			depth--
			n++
			if depth == 0 {
				return n + 1
			}
		}
	}
	return len(sql)
}
