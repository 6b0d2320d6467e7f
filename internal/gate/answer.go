package gate

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxAnswer is the longest answer, in bytes, that CloudFormation reads.
const maxAnswer = 4096

// Answer is the response in CloudFormation's own JSON form and spelling.
type Answer struct {
	Status             string // "SUCCESS" or "FAILED"
	Reason             string
	PhysicalResourceId string
	StackId            string
	RequestId          string
	LogicalResourceId  string
	// Data holds the attributes TaskArn, Release and Snapshot. Every answer has all of them, "none" for an empty
	// one: a missing attribute would fail the stack, even in a rollback.
	Data map[string]string
}

// JSON returns the answer as it is sent: at most 4096 bytes.
func (a Answer) JSON() []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // it would make six bytes of each angle bracket
	if err := encoder.Encode(a); err != nil {
		panic("encoding an answer, which holds only strings, failed: " + err.Error())
	}
	return bytes.TrimSuffix(body.Bytes(), []byte("\n"))
}

// answer puts the verdict into words. The reason begins with what matters most, because consoles cut off its end.
func (s *State) answer() Answer {
	a := Answer{
		Status:             "FAILED",
		PhysicalResourceId: s.Event.PhysicalID(),
		StackId:            s.Event.StackId,
		RequestId:          s.Event.RequestId,
		LogicalResourceId:  s.Event.LogicalResourceId,
		Data: map[string]string{
			"TaskArn":  orNone(s.TaskARN),
			"Release":  orNone(s.Settings.Release),
			"Snapshot": orNone(s.Snapshot),
		},
	}
	if s.Verdict.Success {
		a.Status = "SUCCESS"
		a.Reason = Redact(s.Verdict.Problem)
		return a
	}
	head := Redact(s.headline())
	lines := append([]string{}, s.Lines...)
	if len(lines) == 0 {
		lines = []string{""}
	}
	for {
		a.Reason = head
		if tail := strings.Join(lines, "\n"); tail != "" {
			a.Reason += "\nLast lines of the log:\n" + tail
		}
		excess := len(a.JSON()) - maxAnswer
		if excess <= 0 {
			return a
		}
		head, lines = shorten(head, lines, excess)
	}
}

// headline is the reason without the log's lines.
func (s *State) headline() string {
	if s.Event.ResourceType == LastingType {
		return "The change was refused before it touched any data: " + s.Verdict.Problem + ". " + s.Verdict.Remedy
	}
	parts := []string{
		"Release " + orNone(s.Settings.Release) + " was rejected: " + s.Verdict.Problem + ".",
		"Remedy: " + s.Verdict.Remedy,
	}
	if s.Snapshot != "" {
		parts = append(parts, "Database snapshot taken before the migration: "+s.Snapshot+".")
	}
	if s.TaskARN != "" {
		parts = append(parts,
			"Task: "+s.TaskARN+".",
			"Log group "+s.Settings.LogGroup+", stream "+s.Settings.LogStream(s.TaskARN)+".")
		if s.Event.RequestType == Create {
			parts = append(parts, "This deployment made the log group, and its rollback deletes it.")
		}
		if len(s.Lines) == 0 {
			parts = append(parts, "The task printed nothing.")
		}
	}
	return strings.Join(append(parts, "Runbook: docs/runbooks/MigrationFailed.md."), " ")
}

// maxLog is how much of a log's end is looked at, in bytes: a line may have a megabyte, and masking takes time. It is more
// than an answer can hold, so that a secret still has the name that it is recognized by.
const maxLog = 4 * maxAnswer

// lastLines masks secrets, which may span lines, and keeps as much of the end as an answer could hold.
func lastLines(lines []string) []string {
	log := strings.Join(lines, "\n")
	if excess := len(log) - maxLog; excess > 0 {
		// Not from the middle of a line or of a word: the name of a secret may be gone.
		log = log[excess:]
		if next := strings.IndexByte(log, '\n'); next >= 0 {
			log = log[next:]
		} else {
			log = log[strings.IndexByte(log, ' ')+1:]
		}
	}
	log = strings.TrimSpace(Redact(log))
	if log == "" {
		return nil
	}
	if excess := len(log) - maxAnswer; excess > 0 {
		log = cutFront(log, excess)
	}
	return strings.Split(log, "\n")
}

// shorten drops the oldest line, then cuts the beginning of the last one, then the end of the headline.
func shorten(head string, lines []string, excess int) (string, []string) {
	switch {
	case len(lines) > 1:
		return head, lines[1:]
	case len(lines[0]) > 0:
		return head, []string{cutFront(lines[0], excess)}
	}
	for cut := max(0, len(head)-excess); ; cut-- {
		if cut == 0 || utf8.RuneStart(head[cut]) {
			return head[:cut], lines
		}
	}
}

// cutFront removes whole characters, at least the given number of bytes.
func cutFront(line string, bytes int) string {
	for cut := min(bytes, len(line)); ; cut++ {
		if cut >= len(line) {
			return ""
		}
		if utf8.RuneStart(line[cut]) {
			return line[cut:]
		}
	}
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}
