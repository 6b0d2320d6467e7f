package config

import (
	"regexp"
	"slices"
	"strings"
)

// looksSecret reports whether a setting's name or value suggests a secret. It keeps passwords out of templates, where everyone
// who reads the repository or the console sees them. It goes by the words between the underscores, so that MONKEY has no KEY in
// it, and MAX_TOKENS is a number.
func looksSecret(name, value string) bool {
	return nameLooksSecret(name) || secretValue.MatchString(value)
}

var (
	// secretWords make a name secret wherever they stand, also at the end of a longer word such as PGPASSWORD.
	secretWords = []string{"PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "CREDENTIAL",
		"CREDENTIALS", "APIKEY"}
	// secretEndings make a name secret as its last word: DB_PASS, STRIPE_KEY, SENTRY_DSN.
	secretEndings = []string{"PASS", "PWD", "KEY", "KEYS", "DSN"}
	// openKeys before KEY are the names of keys that are public, or that open nothing.
	openKeys = []string{"PUBLIC", "PUBLISHABLE", "SITE", "PRIMARY", "PARTITION", "SORT", "FOREIGN", "CACHE", "OBJECT", "ROUTING"}
	// aboutSecrets as the last word say something about a secret and not the secret itself: SECRET_ARN, TOKEN_TTL, TOKEN_URL. The
	// value of a URL is looked at.
	aboutSecrets = []string{
		"ARN", "NAME", "ID", "FILE", "PATH", "URL", "URI", "HOST", "PORT", "HEADER", "TYPE", "ISSUER", "AUDIENCE", "ALGORITHM",
		"TTL", "SECONDS", "MINUTES", "HOURS", "DAYS", "LENGTH", "LIMIT", "COUNT", "ENABLED", "REQUIRED",
	}
	// secretValue matches a URL or a connection string with a password in it, and a private key.
	secretValue = regexp.MustCompile(`://[^/?#\s:@]*:[^/?#\s@]+@|(?i:\b(password|passwd|pwd|secret|sslpassword)=[^\s&;])|` +
		`-----BEGIN [A-Z ]*PRIVATE KEY`)
)

func nameLooksSecret(name string) bool {
	words := strings.Split(name, "_")
	last := words[len(words)-1]
	if slices.Contains(aboutSecrets, last) {
		return false
	}
	if slices.Contains(secretEndings, last) {
		return !slices.ContainsFunc(words, func(word string) bool { return slices.Contains(openKeys, word) })
	}
	return slices.ContainsFunc(words, func(word string) bool {
		return slices.ContainsFunc(secretWords, func(secret string) bool { return strings.HasSuffix(word, secret) })
	})
}
