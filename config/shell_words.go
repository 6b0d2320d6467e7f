package config

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// literal returns a word without its quotes. If a shell would do more than that, it returns what the shell would act on.
func literal(word *syntax.Word) (text, special string) {
	var b strings.Builder
	for i, part := range word.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			if special := unescape(&b, part.Value, i == 0); special != "" {
				return "", special
			}
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				lit, is := inner.(*syntax.Lit)
				if !is {
					return "", printed(inner)
				}
				unescapeQuoted(&b, lit.Value)
			}
		default:
			return "", printed(part)
		}
	}
	return b.String(), ""
}

// unescape writes what is outside of quotes, or returns the first character that a shell may act on there. Shells differ about
// braces and a lone $, so those are left to them.
func unescape(b *strings.Builder, text string, begins bool) (special string) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			if text[i] != '\n' {
				b.WriteByte(text[i])
			}
		case strings.IndexByte("*?[{$`", c) >= 0, c == '~' && i == 0 && begins:
			return string(c)
		default:
			b.WriteByte(c)
		}
	}
	return ""
}

// unescapeQuoted writes what is between double quotes, where a backslash is one unless it is before one of five characters.
func unescapeQuoted(b *strings.Builder, text string) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && strings.IndexByte("$`\"\\\n", text[i+1]) >= 0 {
			i++
			if text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
}

// printed returns a part of a line as it is written.
func printed(node syntax.Node) string {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, node); err != nil {
		return "$"
	}
	return strings.TrimSpace(b.String())
}

// programOf returns the first word of a command without its quotes, or as it is written if a shell would change it.
func programOf(command *syntax.CallExpr) string {
	if len(command.Args) == 0 {
		return ""
	}
	name, special := literal(command.Args[0])
	if special != "" {
		return printed(command.Args[0])
	}
	return name
}

// IsShell reports whether a program is a shell.
func IsShell(program string) bool { return slices.Contains(shells, path.Base(program)) }

// Programs returns the names of the programs that a command starts: its first word, or, if it is a shell with a script, those that
// the script names.
func Programs(command []string) []string {
	if len(command) != 3 || !IsShell(command[0]) || command[1] != "-c" {
		return command[:min(len(command), 1)]
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(command[2]), "")
	if err != nil {
		return nil
	}
	var names []string
	syntax.Walk(file, func(node syntax.Node) bool {
		call, is := node.(*syntax.CallExpr)
		if !is {
			return true
		}
		for _, word := range call.Args {
			name, special := literal(word)
			if name == "exec" {
				continue // what it starts comes next
			}
			if special == "" && !slices.Contains(append(names, shellOnly...), name) {
				names = append(names, name)
			}
			break
		}
		return true
	})
	return names
}
