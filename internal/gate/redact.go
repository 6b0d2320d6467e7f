package gate

import (
	"regexp"
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

// forms are the forms in which a log shows a secret. The second group of each is masked.
var forms = []*regexp.Regexp{
	regexp.MustCompile(`()(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))`),
	// postgres://app:x@db, app:x@tcp(db:3306)/app, app:x@db:5432/app
	regexp.MustCompile(`(://[^:/?#@\s]*:)(\S+)(@)`),
	regexp.MustCompile(`(\b[\w.%+-]+:)([^\s/]\S*)(@(?:\w*\(|[\w.-]+(?::\d+)?/))`),
	regexp.MustCompile(`(?i)(\bhooks\.slack\.com/services/)(\S+)`),
	// Headers: the whole line, because a scheme and parameters may precede the secret.
	regexp.MustCompile(`(?i)(\b(?:authorization|(?:set-)?cookie)\\*["']?` + assigned + `)(` + quoted + `|[^\n]+)`),
	regexp.MustCompile(`(\b(?i:bearer|basic) +)([a-z]*[^a-z\s]\S{6,}|[a-z]{4,}[^a-z\s]\S+)`), // not: basic authentication
	// Tokens that show what they are.
	regexp.MustCompile(`()(\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?)`),
	regexp.MustCompile(`()(\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,})`),
	regexp.MustCompile(`()(\b(?:sk|rk|pk|whsec|gh[oprsu]|github_pat|glpat|npm|xox[abeprs])[_-][\w-]{10,})`),
	// ALTER ROLE app PASSWORD 'x', PASSWORD $$x$$, IDENTIFIED BY 'x', crypt('x', ...)
	regexp.MustCompile(`(?i)(\bpassword\s+|\bidentified\s[^\n']*\bby\s+|\bcrypt\(\s*)` +
		`((?:U&)?(?:` + quoted + `)|\$\w*\$(?s:.*?)(?:\$\w*\$|$))`),
	// What PostgreSQL says of rows: Key (id, token)=(1, x) already exists. Failing row contains (1, x).
	regexp.MustCompile(`(?i)(\bKey \([^)\n]*` + secretName + `[^)\n]*\)=\()([^\n]+)(\))`),
	regexp.MustCompile(`(\bFailing row contains \()([^\n]+)(\))`),
	// --db-password x, mysql -px, redis-cli -a x
	regexp.MustCompile(`(?i)((?:^|[\s"'])--?[\w-]*?` + secretName + `\s+)(` + quoted + `|-?[^\s-]\S*)`),
	regexp.MustCompile(`(\b(?:mysql\w*|mariadb[\w-]*|redis-cli|valkey-cli|sshpass)\b[^\n]*?\s-[pa]\s?)(` + quoted + `|\S+)`),
	// "password": "x" ends with its value. password=x, which is not in quotes, ends with a space.
	regexp.MustCompile(`(?i)(` + secretName + `\\*["']` + assigned + `)(` + quoted + `|[^\s,}\]]+)`),
	regexp.MustCompile(`(?i)(` + secretName + `(?: (?:for|of) \S+?)?` + assigned + `)(` + quoted + `|\S+)`),
	regexp.MustCompile(`(` + passName + `\\*["']?` + assigned + `)(` + quoted + `|\S+)`),
	regexp.MustCompile(`(?im)((?:\bpass\s*=|["']pass\\*["']\s*:|(?:^|[^\w\s])\s*pass\s*:)\s*)(` + quoted + `|\S+)`),
}

// ordinary are words that follow a name such as AddTokenToUsers: or password: in the output of migrations, and no secrets.
var ordinary = regexp.MustCompile(`(?i)^["'(]*(migrat(ed|ing)|revert(ed|ing)|ok|done|null|nil|none|true|false|text|string|` +
	`varchar|missing|required|invalid|incorrect|expired|authentication)\W*$`)

// Redact masks what looks like a secret: passwords in addresses, settings, headers, flags and SQL, tokens, keys. It applies
// to everything that leaves the gate, because everyone who may see the stack may read its events.
func Redact(message string) string {
	secret := make([]bool, len(message)) // by byte: forms overlap, and none may hide from another what it looks for
	for _, form := range forms {
		for from := 0; from < len(message); {
			at := form.FindStringSubmatchIndex(message[from:])
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
