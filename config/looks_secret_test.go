package config

import (
	"strings"
	"testing"
)

// Prevents: a password in a template, which everyone who reads the repository or the console sees. And the opposite: a name that
// is refused although it is innocent, so that the whole check is soon switched off.
func TestWhatLooksLikeASecret(t *testing.T) {
	const secret, innocent = true, false
	for setting, want := range map[string]bool{
		"API_TOKEN=x":         secret,
		"STRIPE_KEY=x":        secret,
		"SENTRY_DSN=x":        secret,
		"DB_PASS=x":           secret,
		"SMTP_PWD=x":          secret,
		"PGPASSWORD=x":        secret,
		"SECRET_KEY_BASE=x":   secret,
		"PRIVATE_KEY=x":       secret,
		"GITHUB_APIKEY=x":     secret,
		"SIGNING_KEYS=x":      secret,
		"OAUTH_CREDENTIALS=x": secret,
		"CLIENT_SECRET=x":     secret,
		"REPORTS_DATABASE_URL=postgres://app:hunter2@db.example.com/app": secret,
		"SESSION_REDIS_URL=redis://:hunter2@cache:6379":                  secret,
		"DATABASE=host=db user=app password=hunter2":                     secret,
		"JDBC=jdbc:postgresql://db/app?user=app&password=hunter2":        secret,
		"PEM=-----BEGIN RSA PRIVATE KEY-----\nMII":                       secret,
		"PUBLIC_KEY_ID=x":                  innocent,
		"PUBLIC_KEY=x":                     innocent,
		"STRIPE_PUBLISHABLE_KEY=pk_live_1": innocent,
		"MONKEY=banana":                    innocent,
		"KEYBOARD=qwerty":                  innocent,
		"COMPASS=north":                    innocent,
		"BYPASS_CACHE=1":                   innocent,
		"PASS_RATE=0.9":                    innocent,
		"TOKENIZER=bpe":                    innocent,
		"MAX_TOKENS=4096":                  innocent,
		"TOKEN_TTL_SECONDS=60":             innocent,
		"OAUTH_TOKEN_URL=https://id.example.com/token":              innocent,
		"PASSWORD_RESET_URL=https://app.example.com/reset?user=a":   innocent,
		"PASSWORD_MIN_LENGTH=12":                                    innocent,
		"SECRET_ARN=arn:aws:secretsmanager:eu-central-1:1:secret:x": innocent,
		"SECRETARY=Ann": innocent,
		"CACHE_KEY=v2":  innocent,
		"REPORTS_DATABASE_URL=postgres://app@db.example.com:5432/app": innocent,
		"CALLBACK=https://app.example.com:8443/a@b":                   innocent,
		"SEARCH=https://search.example.com?q=a:b@c":                   innocent,
		"FEATURES=a:b,c:d": innocent,
	} {
		name, value, _ := strings.Cut(setting, "=")
		e := Development()
		e.Settings = map[string]string{name: value}
		err := e.Validate(processes)
		if got := err != nil; got != want {
			t.Errorf("%s: secret is %v, want %v (%v)", setting, got, want, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "name it in Secrets")) {
			t.Errorf("%s: the message is %v", setting, err)
		}
	}
}
