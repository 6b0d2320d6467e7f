package config

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// tokenForm matches what the construct library takes for a reference of its own, and fails on or replaces by something else:
// ${Token[NAME]}, the same of a list, and an encoded number.
var tokenForm = regexp.MustCompile(`[$#]\{Token\[|-1\.[0-9]{10,16}e\+289`)

// unfit returns why a template cannot hold a string as it is written, or "".
func unfit(value string) string {
	switch {
	case !utf8.ValidString(value):
		return "not UTF-8"
	case strings.ContainsFunc(value, func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\n\r", r) || r == 0xfffe || r == 0xffff
	}):
		return "it contains a control character, and CloudFormation's API is XML, which has only tab and newline"
	case tokenForm.MatchString(value):
		return "it contains what the CDK takes for a token of its own"
	}
	return ""
}

// requireLiteral requires a string that a template can hold as it is written.
func (p *problems) requireLiteral(field, value string) {
	limit := unfit(value)
	p.require(limit == "", field, value, limit, "leave that out, or let the app read the value from Parameter Store")
}
