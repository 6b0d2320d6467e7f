package gate_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"dozen/internal/gate"
)

// failing is the script of a migration that prints lines and exits with code 1.
func failing(lines ...string) script {
	results := successful()
	results[gate.CheckTask] = []gate.Result{exited("EssentialContainerExited", 1)}
	results[gate.ReadLog] = []gate.Result{{Lines: lines}}
	return results
}

// CloudFormation drops an answer of more than 4096 bytes, and then waits for its timeout.
func TestAnswerFitsIntoFourKilobytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	alphabet := []rune("ab <&>\"\\\n\t\x00\x1bäé€\u2028🙂")
	for range 500 {
		var lines []string
		for range rng.IntN(60) {
			line := make([]rune, rng.IntN(400)*rng.IntN(20))
			for i := range line {
				line[i] = alphabet[rng.IntN(len(alphabet))]
			}
			lines = append(lines, string(line))
		}
		answer := play(t, requestOf(gate.Create, nil), failing(lines...)).answer
		body := answer.JSON()
		if len(body) > 4096 || !utf8.Valid(body) {
			t.Fatalf("%d bytes, valid UTF-8: %v", len(body), utf8.Valid(body))
		}
		var back gate.Answer
		if err := json.Unmarshal(body, &back); err != nil || back.Status != "FAILED" {
			t.Fatalf("%v in %s", err, body)
		}
		contains(t, back.Reason, "exited with code 1", "Remedy: ", taskARN, "MigrationFailed.md")
	}
}

// The newest lines say why; the oldest are dropped first.
func TestAnswerKeepsTheNewestLines(t *testing.T) {
	lines := strings.Split(strings.Repeat("an old line of the log that is rather long\n", 200)+"the reason", "\n")
	reason := play(t, requestOf(gate.Create, nil), failing(lines...)).answer.Reason
	if !strings.HasSuffix(reason, "\nthe reason") || len(reason) < 3000 {
		t.Errorf("%d bytes: %s", len(reason), reason)
	}
	long := play(t, requestOf(gate.Create, nil), failing(strings.Repeat("x", 9000)+" the reason")).answer.Reason
	if !strings.HasSuffix(long, "xx the reason") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}

// Prevents: a search for a log group that is gone. The rollback of a first deployment deletes what the deployment has made.
func TestAnswerSaysThatTheLogGroupGoes(t *testing.T) {
	for kind, goes := range map[string]bool{gate.Create: true, gate.Update: false} {
		reason := play(t, requestOf(kind, nil), failing("no such column")).answer.Reason
		if strings.Contains(reason, "its rollback deletes it") != goes {
			t.Errorf("%s: %s", kind, reason)
		}
	}
}

// A cause that is too long for the answer is cut.
func TestAnswerCutsALongCause(t *testing.T) {
	results := successful()
	results[gate.StartTask] = []gate.Result{lasting("RunTask: " + strings.Repeat("é", 5000))}
	if body := play(t, requestOf(gate.Create, nil), results).answer.JSON(); len(body) > 4096 || !utf8.Valid(body) {
		t.Errorf("%d bytes", len(body))
	}
}

// Everyone who may see the stack may read its events. The secret in each line is "hunter2" or begins with it.
func TestNoSecretLeavesTheGate(t *testing.T) {
	leaky := []string{
		"connect postgres://app:hunter2@db:5432/app?sslmode=require",
		"connect postgres://app:hunter2@with@at@db:5432/app",
		"connect postgres://app:with@hunter2@db:5432/app",
		"redis://:hunter2@cache:6379",
		"password=hunter2 host=db",
		"PASSWORD: hunter2",
		`{"username":"app","password":"hunter2"}`,
		`{"msg":"secret is {\"password\":\"hunter2\"}"}`,
		"DB_PASSWORD='hunter2 with spaces'",
		`"api_key": "hunter2"`,
		"STRIPE_SECRET=hunter2",
		"aws_session_token = hunter2",
		"Authorization: Bearer hunter2hunter2",
		"authorization=Basic hunter2hunter2==",
		"https://x.example/?X-Amz-Signature=hunter2&X-Amz-Security-Token=hunter2",
		"-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY-----\nhunter2",
		"sk_live_hunter2hunter2",
		"ghp_hunter2hunter2hunter2",
		"eyJhunter2hunter2.hunter2.hunter2",
	}
	for _, line := range leaky {
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

// What helps at night must not be masked.
func TestOrdinaryLinesStay(t *testing.T) {
	for _, line := range []string{
		`ERROR: password authentication failed for user "app" (SQLSTATE 28P01)`,
		`ERROR: column "token" of relation "sessions" already exists (SQLSTATE 42701)`,
		"2026-11-21T03:00:00Z goose: applied 00012_add_secrets.sql in 12ms",
		"https://docs.example/page@2x.png",
	} {
		if got := gate.Redact(line); got != line {
			t.Errorf("%q became %q", line, got)
		}
	}
}
