package gate_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"dozen/internal/gate"
)

// Everyone who may see the stack may read its events. The secret in each line is "hunter2" or begins with it.
func TestNoSecretLeavesTheGate(t *testing.T) {
	for _, line := range []string{
		"connect postgres://app:hunter2@db:5432/app?sslmode=require",
		"connect postgres://app:hunter2@with@at@db:5432/app",
		"redis://:hunter2@cache:6379",
		"redis://:with@hunter2@cache:6379",
		"password=hunter2 host=db",
		"PASSWORD: hunter2",
		"password= token=hunter2",
		"secret=token= hunter2",
		`{"username":"app","password":"hunter2"}`,
		`{"msg":"secret is {\"password\":\"hunter2\"}"}`,
		"DB_PASSWORD='hunter2 with spaces'",
		`"api_key": "hunter2"`,
		"STRIPE_SECRET=hunter2",
		"aws_session_token = hunter2",
		"Authorization: Bearer hunter2hunter2",
		"authorization=Basic hunter2hunter2==",
		"the registry refuses Bearer hunter2hunter2",
		"https://x.example/?X-Amz-Signature=hunter2&X-Amz-Security-Token=hunter2",
		"-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY-----\nhunter2",
		"sk_live_hunter2hunter2",
		"ghp_hunter2hunter2hunter2",
		"eyJhunter2hunter2.hunter2.hunter2",
		"STATEMENT:  ALTER ROLE app PASSWORD 'hunter2'",
		"CREATE USER app WITH ENCRYPTED PASSWORD E'hunter2' VALID UNTIL 'infinity';",
		"ALTER ROLE app PASSWORD $$hunter2$$",
		"CREATE USER MAPPING FOR app SERVER old OPTIONS (user 'app', password 'hunter2')",
		"CREATE USER 'app'@'%' IDENTIFIED BY 'hunter2'",
		"CREATE USER 'app'@'%' IDENTIFIED WITH caching_sha2_password BY 'hunter2'",
		"select crypt('hunter2', gen_salt('bf'))",
		"DB_PASS=hunter2",
		"dbPass: hunter2",
		"host=db user=app pass=hunter2",
		"  pass: hunter2",
		"+ pg_dump --host db --password hunter2",
		"+ tool -password hunter2 --db-token=hunter2",
		"+ mysql -uroot -phunter2 app",
		"+ redis-cli -a hunter2 flushall",
		"cannot connect: dsn app:hunter2@tcp(db:3306)/app",
		"cannot connect: dsn app:hunter2@unix(/tmp/mysql.sock)/app",
		"cannot connect: app:hunter2@db:5432/app",
		"> Authorization: hunter2",
		"Authorization: Digest username=app, response=hunter2",
		"Cookie: theme=dark; session=hunter2",
		`{"headers":{"Cookie":"theme=dark; session=hunter2"}}`,
		"< Set-Cookie: session=hunter2; Path=/; HttpOnly",
		"X-Api-Key: hunter2",
		"Initial password for admin@example.com: hunter2",
		"password: |\n  hunter2",
		"Post https://hooks.slack.com/services/T000/B000/hunter2: timeout",
		"DETAIL:  Key (id, reset_token)=(7, hunter2) already exists.",
		"DETAIL:  Failing row contains (7, app, hunter2, null).",
	} {
		reason := play(t, requestOf(gate.Create, nil), failing("before", line, "after")).answer.Reason
		if strings.Contains(reason, "hunter2") || !strings.Contains(reason, "***") {
			t.Errorf("%q leaked in %q", line, reason)
		}
		if strings.Contains(gate.Redact("RunTask: "+line), "hunter2") {
			t.Errorf("%q leaked from a fault", line)
		}
	}
	for _, key := range []string{"AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"} {
		if got := gate.Redact(key); got != "***" {
			t.Errorf("an access key leaked: %s", got)
		}
	}
}

// What helps at night must not be masked: output of goose, Rails, Django, Alembic, Flyway, Prisma and PostgreSQL.
func TestOrdinaryLinesStay(t *testing.T) {
	for _, line := range []string{
		`ERROR: password authentication failed for user "app" (SQLSTATE 28P01)`,
		`ERROR: column "token" of relation "sessions" already exists (SQLSTATE 42701)`,
		`ERROR: null value in column "password" of relation "users" violates not-null constraint (SQLSTATE 23502)`,
		`DETAIL:  Key (email)=(a@example.com) already exists.`,
		"2026-11-21T03:00:00Z goose: applied 00012_add_secrets.sql in 12ms",
		"OK   00012_add_password_resets.sql (12.3ms)",
		"== 20261121030000 AddTokenToUsers: migrating ==================",
		"== 20261121030000 AddTokenToUsers: migrated (0.0123s) =========",
		"-- add_column(:users, :password_digest, :string, {:null=>false})",
		"-- password resets expire after a day",
		"  Applying accounts.0003_alter_user_password... OK",
		"INFO  [alembic.runtime.migration] Running upgrade 1a2b -> 3c4d, add password reset tokens",
		`Migrating schema "public" to version "3 - add api key"`,
		"Applying migration `20261121030000_add_session_token`",
		"CREATE TABLE sessions (token text NOT NULL, password text)",
		"ALTER ROLE app PASSWORD NULL",
		"first pass: 120 rows, second pass: 12 rows",
		"basic authentication is off",
		"FATAL: no pg_hba.conf entry for host \"10.0.1.7\", user \"app\", database \"app\", no encryption",
		"dial tcp 10.0.1.7:5432: connect: connection refused",
		"see mailto:ops@example.com, or user:joe@example.com",
		"image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1@sha256:0f3c",
		"https://docs.example/page@2x.png",
	} {
		if got := gate.Redact(line); got != line {
			t.Errorf("%q became %q", line, got)
		}
	}
}

// What follows a secret in the same line says why it failed.
func TestRestOfTheLineStays(t *testing.T) {
	for line, want := range map[string]string{
		`{"token":null,"error":"no route"}`:                       `{"token":null,"error":"no route"}`,
		`{"password":"x","error":"no route"}`:                     `{"password":***,"error":"no route"}`,
		"password=x host=db: no route":                            "password=*** host=db: no route",
		"ALTER ROLE app PASSWORD 'x' VALID UNTIL 'infinity'":      "ALTER ROLE app PASSWORD *** VALID UNTIL 'infinity'",
		"postgres://app:x@db:5432/app: no route":                  "postgres://app:***@db:5432/app: no route",
		"app:x@tcp(db:3306)/app: no route":                        "app:***@tcp(db:3306)/app: no route",
		"tool --password x --host db":                             "tool --password *** --host db",
		"Cookie: session=x\nHTTP/1.1 500 Internal Server Error":   "Cookie: ***\nHTTP/1.1 500 Internal Server Error",
		"Key (id, token)=(7, x) already exists.":                  "Key (id, token)=(***) already exists.",
		"password=\"x\nERROR: unterminated quoted string at \"x'": "password=***\nERROR: unterminated quoted string at \"x'",
	} {
		if got := gate.Redact(line); got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
	}
}

// A log of megabytes is not read whole, and the cut does not separate a secret from its name.
func TestLongLogHidesItsSecrets(t *testing.T) {
	secret := strings.Repeat("hunter2 ", 1900) // 15 KiB: two of them, and the cut is in the first
	for _, lines := range [][]string{
		{`{"password":"` + secret + `"}`, "DB_PASSWORD='" + secret + "'", "the reason"},
		{strings.Repeat("x", 1<<20), "DB_PASSWORD='" + secret + "'", "the reason"},
		{"password=" + strings.Repeat("hunter2", 1<<12) + " the reason"},
	} {
		reason := play(t, requestOf(gate.Create, nil), failing(lines...)).answer.Reason
		if strings.Contains(reason, "hunter2") || !strings.HasSuffix(reason, "the reason") {
			t.Errorf("%.200q leads to %q", lines, reason)
		}
	}
}

// carriers put a secret where logs have one, escaped as each form demands.
var carriers = map[string]func(secret string) string{
	"URL":            func(s string) string { return "dial postgres://app:" + url.QueryEscape(s) + "@db:5432/app" },
	"MySQL's DSN":    func(s string) string { return "dsn app:" + solid(s) + "@tcp(db:3306)/app" },
	"libpq's DSN":    func(s string) string { return "host=db password='" + backslashed(s) + "' user=app" },
	"variable":       func(s string) string { return "export DB_PASS=" + solid(s) + " HOST=db" },
	"shell's quotes": func(s string) string { return "TOKEN=" + strconv.Quote(s) + " HOST=db" },
	"JSON":           func(s string) string { return `{"password":` + asJSON(s) + `,"host":"db"}` },
	"JSON in JSON":   func(s string) string { return `{"msg":` + asJSON(`{"api_key":`+asJSON(s)+`}`) + `}` },
	"YAML":           func(s string) string { return "client_secret: " + asJSON(s) },
	"Go struct":      func(s string) string { return "{Host:db Password:" + solid(s) + " User:app}" },
	"SQL":            func(s string) string { return "ALTER ROLE app PASSWORD " + inSQL(s) },
	"MySQL's SQL": func(s string) string {
		return "CREATE USER app IDENTIFIED BY " + inSQL(s)
	},
	"flag":          func(s string) string { return "+ tool --password " + solid(s) + " --host db" },
	"quoted flag":   func(s string) string { return "+ tool --auth-token '" + strings.ReplaceAll(s, "'", "") + "' --host db" },
	"Authorization": func(s string) string { return "Authorization: " + s },
	"Cookie":        func(s string) string { return "Cookie: theme=dark; session=" + s },
	"bearer":        func(s string) string { return "sent Bearer " + url.PathEscape(solid(s)) + "Aa1Aa1Aa1" },
	"query":         func(s string) string { return "GET /?token=" + url.QueryEscape(s) + "&page=2" },
	"duplicate key": func(s string) string { return "Key (id, token)=(7, " + s + ") already exists." },
	"failing row":   func(s string) string { return "Failing row contains (7, " + s + ", null)." },
}

// solid leaves out what would end a value without quotes.
func solid(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '\'' || r == '\\' }), "")
}

// inSQL leaves out the backslash, which stands for itself in one dialect and escapes a quote in another.
func inSQL(s string) string {
	return "'" + strings.NewReplacer(`\`, "", "'", "''").Replace(s) + "'"
}

func backslashed(s string) string { return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) }

func asJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// FuzzRedact plants a secret between two marks: neither its beginning nor its end may be left, in any form and between any
// lines.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"", "a b", "a'b", `a"b`, `a\b`, `\`, "a,b;c&d}e)f", "a@b:c/d?e#f", "äöü %41", "null", "= : '' \"\"", "***"} {
		f.Add(seed, "goose: no migrations to run")
	}
	f.Add("x", `msg="before`)
	f.Add("x", "PASSWORD '")
	f.Fuzz(func(t *testing.T, middle, before string) {
		middle = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r == 0xfffd {
				return -1 // a secret has one line; JSON and the log have their own way with other characters
			}
			return r
		}, middle)
		const begin, end = "hQ7begins", "endsZ9x"
		if strings.Contains(before, begin) || strings.Contains(before, end) {
			t.Skip()
		}
		for name, carry := range carriers {
			line := carry(begin + middle + end)
			for _, message := range []string{line, before + "\n" + line, line + "\n" + before} {
				if got := gate.Redact(message); strings.Contains(got, begin) || strings.Contains(got, end) {
					t.Errorf("%s: %q became %q", name, message, got)
				}
			}
		}
	})
}
