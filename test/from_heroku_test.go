package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dozen/internal/local/backing"
)

// Prevents: a config var with a quotation mark or a line break, such as a private key, arrives as something else, or ends the move.
func TestConfigVarsOfHerokuMove(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("there is no jq")
	}
	secret := "it's \"quoted\" $HOME\n-----END KEY-----\n"
	variables, err := json.Marshal(map[string]string{
		"SECRET_KEY": "abc", "PRIVATE_KEY": secret, "EMPTY": "", "DATABASE_URL": "postgres://x", "REDIS_TLS_URL": "rediss://x",
		"HEROKU_POSTGRESQL_PINK_URL": "postgres://y", "SEARCH_URL": "https://search.example",
	})
	must(err)
	directory := t.TempDir()
	for name, script := range map[string]string{
		"heroku": `cat "$0.json"`, "aws": `[ "$*" = "ssm put-parameter --overwrite --cli-input-json $5" ] && printf '%s\n' "$5" >>"$0.json"`,
	} {
		must(os.WriteFile(filepath.Join(directory, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	must(os.WriteFile(filepath.Join(directory, "heroku.json"), variables, 0o600))
	command := exec.Command("bash", "-euc", "set -o pipefail\n"+blocksOf(t, "from-heroku", "2. Config vars", "sh")[0])
	command.Dir = t.TempDir()
	output, code := runQuietly(t, command, []string{"PATH=" + directory + ":" + os.Getenv("PATH")})
	want(t, "exit code", code, 0)
	want(t, "lines for Secrets", output, "\"PRIVATE_KEY\": {Parameter: \"/notes/prod/PRIVATE_KEY\"},\n"+
		"\"SEARCH_URL\": {Parameter: \"/notes/prod/SEARCH_URL\"},\n\"SECRET_KEY\": {Parameter: \"/notes/prod/SECRET_KEY\"},\n")
	written, err := os.ReadFile(filepath.Join(directory, "aws.json"))
	must(err)
	stored := map[string]string{}
	for line := range strings.Lines(string(written)) {
		var p struct{ Name, Value, Type string }
		must(json.Unmarshal([]byte(line), &p))
		want(t, p.Name, p.Type, "SecureString")
		stored[strings.TrimPrefix(p.Name, "/notes/prod/")] = p.Value
	}
	want(t, "stored", stored, map[string]string{"SECRET_KEY": "abc", "PRIVATE_KEY": secret, "SEARCH_URL": "https://search.example"})
	if left, _ := os.ReadDir(command.Dir); len(left) > 0 {
		t.Errorf("the secrets stay in %s", left[0].Name())
	}
}

// oldDatabase is what Heroku's databases have: an extension in a schema of its own, and an event trigger in another one.
const oldDatabase = `CREATE SCHEMA heroku_ext AUTHORIZATION app; CREATE SCHEMA _heroku;
CREATE EXTENSION citext SCHEMA heroku_ext;
CREATE FUNCTION _heroku.refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
CREATE EVENT TRIGGER extension_before_drop ON ddl_command_start EXECUTE FUNCTION _heroku.refuse();
SET ROLE app; SET search_path = public, heroku_ext;
CREATE TABLE people (id bigserial PRIMARY KEY, name citext UNIQUE);
CREATE TABLE notes (id bigserial PRIMARY KEY, author bigint REFERENCES people, body text);
INSERT INTO people (name) SELECT 'Name ' || n FROM generate_series(1, 100) n;
INSERT INTO notes (author, body) SELECT n % 100 + 1, repeat('x', n % 900) FROM generate_series(1, 5000) n;`

// The page's commands move a database to a server that is set up as RDS is: the user is no superuser, and only TLS is let in. The
// release that runs there has made some of the tables already.
func TestDatabaseOfHerokuMoves(t *testing.T) {
	binaries, err := exec.Command("pg_config", "--bindir").Output()
	version, err2 := exec.Command("pg_dump", "--version").Output()
	if err != nil || err2 != nil {
		t.Skip("there is no pg_config with pg_dump")
	}
	directory, err := os.MkdirTemp("", "move") // user nobody, who runs root's servers, cannot enter t.TempDir
	must(err)
	t.Cleanup(func() { must(os.RemoveAll(directory)) })
	must(os.Chmod(directory, 0o711))
	authority, err := backing.OpenAuthority(filepath.Join(directory, "authority"))
	must(err)
	start := func(name string) (own, all string) {
		s := backing.DatabaseSettings{
			Dir: filepath.Join(directory, name), Version: regexp.MustCompile(`\d+\.\d+`).FindString(string(version)), Name: "app", Username: "app",
			Password: "secret", Authority: authority, Binaries: strings.TrimSpace(string(binaries)),
			Parameters: map[string]string{"fsync": "off", "rds.force_ssl": "1"},
		}
		db, err := backing.StartDatabase(t.Context(), s)
		must(err)
		t.Cleanup(db.Stop)
		password, err := os.ReadFile(filepath.Join(s.Dir, "rdsadmin.password"))
		must(err)
		url := "postgres://%s:%s@" + db.Address + "/app?sslmode=require"
		return fmt.Sprintf(url, "app", "secret"), fmt.Sprintf(url, "rdsadmin", strings.TrimSpace(string(password)))
	}
	old, oldAdmin := start("old")
	now, _ := start("new")
	work := t.TempDir()
	shell := func(script string) string {
		command := exec.Command("bash", "-euc", "set -o pipefail\n"+script)
		command.Dir = work
		output, code := runQuietly(t, command, []string{"OLD=" + old, "NEW=" + now, "ADMIN=" + oldAdmin})
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, output)
		}
		return output
	}
	shell("psql \"$ADMIN\" -v ON_ERROR_STOP=1 <<'E'\n" + oldDatabase + "\nE\npsql \"$NEW\" -c 'CREATE TABLE notes (id bigint)'")
	blocks := blocksOf(t, "from-heroku", "3. The database", "sh")
	move, compare := blocks[1], blocks[2]
	shell(move)
	shell("psql \"$OLD\" -c \"INSERT INTO notes (body) VALUES ('written after the rehearsal')\"\n" + move) // it can be repeated
	shell("psql \"$NEW\" -c \"DELETE FROM notes WHERE id = 1\"\n! { " + compare + "}\n[ -f counts.new ]")
	shell(move)
	shell(compare)
	want(t, "the moved database", shell(`psql "$NEW" -At -c "SELECT count(*), (SELECT name FROM people WHERE name = 'NAME 7'),
		(SELECT count(*) FROM pg_event_trigger) FROM notes"`), "5001|Name 7|0\n")
	if left, _ := os.ReadDir(work); len(left) > 0 {
		t.Errorf("%s stays", left[0].Name())
	}
}
