package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/operator"
)

// runCommand runs an admin command and returns its output and exit code.
func runCommand(t *testing.T, env variables, input string, args ...string) (output string, code int) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	cmd := exec.CommandContext(ctx, executable, args...)
	cmd.Env = []string{asProcess + "=1", "GORACE=atexit_sleep_ms=0"}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdin = strings.NewReader(input)
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

func TestAdminCommands(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "events.ndjson")
	lines := `{"source":"demo","delivery_id":"a","content_type":"text/plain","body":"aGVsbG8="}` + "\n" +
		`{"source":"demo","delivery_id":"b","body":"aGVsbG8="}` + "\n"
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		what, input string
		args        []string
		want        string
		code        int
	}{
		{"status", "", []string{"migrate", "status"}, "00001 applied", 0},
		{"add a source", "", []string{"source", "add", "shop", "--scheme", "stripe"}, "added source shop; its secret is ", 0},
		{"its secret is read", "a-secret-from-stdin\n", []string{"source", "add", "mine", "--secret", "-"}, "added source mine\n", 0},
		{"a hook", "", []string{"destination", "add", "hook", "shop", "https://example.com/T000/TOKEN?key=TOKEN", "--secret", testSecret},
			"added destination hook\n", 0},
		{"no credential is listed", "", []string{"destination", "list"}, "https://example.com/...", 0},
		{"a bad address", "", []string{"destination", "add", "hook", "shop", "ftp://x/TOKEN"}, "url: write http:// or https://", 1},
		{"a bad source", "", []string{"source", "add", "Shop", "--scheme", "md5", "--secret", "x"}, `scheme "md5": write one of`, 1},
		{"list sources", "", []string{"source", "list"}, "shop  stripe  6000", 0},
		{"a destination without a source", "", []string{"destination", "add", "d", "nobody", "https://example.com"},
			`source "nobody": not found; add it first`, 1},
		{"add a destination", "", []string{"destination", "add", "crm", "shop", "https://example.com/x", "--attempts", "3"},
			"added destination crm", 0},
		{"list destinations", "", []string{"destination", "list"}, "https://example.com/...", 0},
		{"an unknown subcommand", "", []string{"destination", "list-all"}, "want add or list", 2},
		{"try an import", "", []string{"import", "--dry-run", file}, "would import 2 events; 0 were already known", 0},
		{"import", "", []string{"import", file}, "imported 2 events; 0 were already known", 0},
		{"import again", lines, []string{"import", "-"}, "imported 0 events; 2 were already known", 0},
		{"import nonsense", "{}\n", []string{"import", "-"}, `line 1: source "": not found`, 1},
		{"a weak password", "short\n", []string{"createadmin", "ada@example.com"}, "use at least 12", 1},
		{"a password as an argument", "", []string{"createadmin", "ada@example.com", "correct horse battery"}, "want 1 arguments", 2},
		{"an operator", "correct horse battery\n", []string{"createadmin", "Ada@Example.com"}, "can log in", 0},
		{"many events need --yes", "", []string{"replay", "--state", "pending"}, "would replay 2 events; add --yes", 0},
		{"a state that is none", "", []string{"replay", "--state", "gone"}, `--state "gone": write one of`, 2},
		{"read", "select count(*) as events from event;\n", []string{"console"}, "events\n2\n", 0},
		{"do not write", "delete from attempt;\n", []string{"console"}, "read-only transaction", 0},
		{"write", "delete from attempt;\n", []string{"console", "--write"}, "DELETE 0", 0},
	}
	for _, c := range cases {
		output, code := runCommand(t, w.env, c.input, c.args...)
		if code != c.code || !strings.Contains(output, c.want) || strings.Contains(output, "goroutine") || strings.Contains(output, "TOKEN") ||
			strings.Contains(output, "Password") { // a pipe needs no prompt
			t.Errorf("%s: exit code %d, want %d, with %q in:\n%s", c.what, code, c.code, c.want, output)
		}
	}
	// On Fargate, arguments are in CloudTrail and the output is in CloudWatch Logs.
	fargate := w.env.with("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x")
	for _, secret := range [][]string{nil, {"--secret", testSecret}} {
		output, code := runCommand(t, fargate, "", append([]string{"source", "add", "late"}, secret...)...)
		if code != 1 || !strings.Contains(output, "operators' page") || strings.Contains(output, testSecret) {
			t.Errorf("on Fargate: exit code %d in:\n%s", code, output)
		}
	}
	if output, code := runCommand(t, fargate, testSecret+"\n", "source", "add", "late", "--secret", "-"); code != 0 {
		t.Errorf("on Fargate, from standard input: exit code %d in:\n%s", code, output)
	}
	if source, err := w.in.Source(t.Context(), "mine"); err != nil || source.Secret.Reveal() != "a-secret-from-stdin" {
		t.Errorf("the secret from standard input is %q, %v", source.Secret.Reveal(), err)
	}
	if _, err := operator.Check(t.Context(), w.db, "ada@example.com", "correct horse battery"); err != nil {
		t.Errorf("the new operator cannot log in: %v", err)
	}
	events, err := w.in.Events(t.Context(), inbox.Filter{Limit: 10, Source: "demo"})
	if err != nil || len(events) != 2 || !strings.Contains(events[0].States, "sink pending") {
		t.Errorf("the import left %+v, %v; want two events with a delivery", events, err)
	}
}
