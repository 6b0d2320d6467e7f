package gate

import "regexp"

// redactions are applied in this order to everything that leaves the gate: everyone who may see the stack may read its
// events.
var redactions = []struct {
	form *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`), "***"},
	{regexp.MustCompile(`://([^:/?#@\s]*):\S+@`), "://$1:***@"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}`), "$1 ***"},
	{regexp.MustCompile(`\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?`), "***"},
	{regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`), "***"},
	{regexp.MustCompile(`\b(sk|rk|pk|whsec|gh[oprsu]|github_pat|xox[abeprs])[_-][\w-]{10,}`), "***"},
	{regexp.MustCompile(`(?i)((?:password|passwd|pwd|secret|token|api_?-?key|credentials?|private_?key|signature)` +
		`[\w-]*\\?["']?\s*[=:]\s*)` +
		`(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s,;&"'}]+)`), "$1***"},
}

// Redact masks what looks like a secret: passwords in URLs and settings, tokens, keys.
func Redact(message string) string {
	for _, r := range redactions {
		message = r.form.ReplaceAllString(message, r.with)
	}
	return message
}
