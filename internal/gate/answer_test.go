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
