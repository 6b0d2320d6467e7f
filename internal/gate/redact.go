package gate

import (
	"regexp"
	"slices"
	"strings"
)

const (
	// secretName is a name whose value is a secret, and what may follow it: SECRET_KEY_BASE, password_hash.
	secretName = `(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|` +
		`(?:private|signing|encryption|master|app)[_-]?key|credentials?|signature)[\w-]*`
	// passName is the abbreviation, which is also an ordinary word: DB_PASS and dbPass, but not "first pass: 12 rows".
	passName = `(?:\w*[_-](?i:pass)|[a-z]Pass)`
	// quoted is a value in quotes, which may themselves be escaped as in JSON within JSON. If the end is missing, it is
	// the rest of the line.
	quoted = `"(?:[^"\\\n]|\\.)*"|\\"(?:\\\\\\"|\\[^"\n]|[^"\\\n])*\\"|[EeNn]?'(?:[^'\\\n]|\\.|'')*'|\\*["'][^\n]*`
	// assigned is between a name and its value. A block of YAML begins on the next line.
	assigned = `[ \t]*[=:][ \t]*(?:[|>][-+]?\s+)?`
)

// secretWords are the beginnings of secretName, one of which a line must have.
const secretWords = "passw|passphrase|pwd|secret|token|key|credential|signature"

// form is a form in which a log shows a secret. A message with it has at least one of the words, in small letters: looking for
// these is quicker by far.
type form struct {
	words []string
	form  *regexp.Regexp
}

func newForm(words, expression string) form {
	return form{strings.Split(words, "|"), regexp.MustCompile(expression)}
}

// in reports whether a message may have the form.
func (f form) in(lower string) bool {
	return slices.ContainsFunc(f.words, func(word string) bool { return strings.Contains(lower, word) })
}

// forms are the forms in which a log shows a secret. The second group of each is masked.
var forms = []form{
	newForm("private key", `()(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))`),
	// postgres://app:x@db, app:x@tcp(db:3306)/app, app:x@db:5432/app
	newForm("://", `(://[^:/?#@\s]*:)(\S+)(@)`),
	newForm("@", `(\b[\w.%+-]+:)([^\s/]\S*)(@(?:\w*\(|[\w.-]+(?::\d+)?/))`),
	newForm("hooks.slack", `(?i)(\bhooks\.slack\.com/services/)(\S+)`),
	// Headers: the whole line, because a scheme and parameters may precede the secret.
	newForm("authorization|cookie",
		`(?i)(\b(?:authorization|(?:set-)?cookie)\\*["']?`+assigned+`)(`+quoted+`|[^\n]+)`),
	newForm("bearer|basic", `(\b(?i:bearer|basic) +)([a-z]*[^a-z\s]\S{6,}|[a-z]{4,}[^a-z\s]\S+)`), // not: basic authentication
	// Tokens that show what they are.
	newForm("eyj", `()(\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?)`),
	newForm("akia|asia|aiza", `()(\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,})`),
	newForm("_|-", `()(\b(?:sk|rk|pk|whsec|gh[oprsu]|github_pat|glpat|npm|xox[abeprs])[_-][\w-]{10,})`),
	// ALTER ROLE app PASSWORD 'x', PASSWORD $$x$$, IDENTIFIED BY 'x', crypt('x', ...)
	newForm("password|identified|crypt", `(?i)(\bpassword\s+|\bidentified\s[^\n']*\bby\s+|\bcrypt\(\s*)`+
		`((?:U&)?(?:`+quoted+`)|\$\w*\$(?s:.*?)(?:\$\w*\$|$))`),
	// What PostgreSQL says of rows: Key (id, token)=(1, x) already exists. Failing row contains (1, x).
	newForm("key (", `(?i)(\bKey \([^)\n]*`+secretName+`[^)\n]*\)=\()([^\n]+)(\))`),
	newForm("failing row", `(\bFailing row contains \()([^\n]+)(\))`),
	// --db-password x, mysql -px, redis-cli -a x
	newForm(secretWords, `(?i)((?:^|[\s"'])--?[\w-]*?`+secretName+`\s+)(`+quoted+`|-?[^\s-]\S*)`),
	newForm("mysql|mariadb|-cli|sshpass",
		`(\b(?:mysql\w*|mariadb[\w-]*|redis-cli|valkey-cli|sshpass)\b[^\n]*?\s-[pa]\s?)(`+quoted+`|\S+)`),
	// "password": "x" ends with its value. password=x, which is not in quotes, ends with a space.
	newForm(secretWords, `(?i)(`+secretName+`\\*["']`+assigned+`)(`+quoted+`|[^\s,}\]]+)`),
	newForm(secretWords, `(?i)(`+secretName+`(?: (?:for|of) \S+?)?`+assigned+`)(`+quoted+`|\S+)`),
	newForm("pass", `(`+passName+`\\*["']?`+assigned+`)(`+quoted+`|\S+)`),
	newForm("pass", `(?im)((?:\bpass\s*=|["']pass\\*["']\s*:|(?:^|[^\w\s])\s*pass\s*:)\s*)(`+quoted+`|\S+)`),
}

// ordinary are words that follow a name such as AddTokenToUsers: or password: in the output of migrations, and no secrets.
var ordinary = regexp.MustCompile(`(?i)^["'(]*(migrat(ed|ing)|revert(ed|ing)|ok|done|null|nil|none|true|false|text|string|` +
	`varchar|missing|required|invalid|incorrect|expired|authentication)\W*$`)

// Redact masks what looks like a secret: passwords in addresses, settings, headers, flags and SQL, tokens, keys. It applies
// to everything that leaves the gate, because everyone who may see the stack may read its events.
func Redact(message string) string {
	secret := make([]bool, len(message)) // by byte: forms overlap, and none may hide from another what it looks for
	lower := strings.ToLower(message)
	for _, f := range forms {
		for from := 0; from < len(message) && f.in(lower); {
			at := f.form.FindStringSubmatchIndex(message[from:])
			if at == nil {
				break
			}
			begin, end := from+at[4], from+at[5]
			if !ordinary.MatchString(message[begin:end]) {
				for i := begin; i < end; i++ {
					secret[i] = true
				}
			}
			from = max(begin, from+1) // a value may hold the next name: password= token=x
		}
	}
	var masked strings.Builder
	for i := range len(message) {
		switch {
		case !secret[i]:
			masked.WriteByte(message[i])
		case i == 0 || !secret[i-1]:
			masked.WriteString("***")
		}
	}
	return masked.String()
}
