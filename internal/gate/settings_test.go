package gate_test

import (
	"strings"
	"testing"
	"time"

	"dozen/internal/gate"
)

func TestSettingsAreRead(t *testing.T) {
	p := properties(3, 900*time.Second)
	withSnapshot(p)
	p["SnapshotKind"] = "cluster"
	p["ServiceToken"], p["Anything"] = "arn", "else"
	s, err := gate.ParseSettings(p)
	if err != nil {
		t.Fatal(err)
	}
	if s.Deadline != 15*time.Minute || len(s.Subnets) != 2 || s.SnapshotKind != "cluster" || s.KeepSnapshots != 5 || s.AssignPublicIP != "DISABLED" {
		t.Errorf("%+v", s)
	}
	if stream := s.LogStream(taskARN); stream != "app/release/0b69d5c0d65548a0b1d3ec1d7c1b4ee2" {
		t.Errorf("log stream %s", stream)
	}
}

// A missing or malformed property gives FAILED and is named; a snapshot's are optional.
func TestEveryBadPropertyIsNamed(t *testing.T) {
	bad := map[string][]any{
		"Cluster":          {"dev", "", 1},
		"TaskDefinition":   {"release:1", "arn:aws:ecs:eu-west-1:111122223333:task-definition/release"},
		"Container":        {"re lease", ""},
		"Subnets":          {"subnet-1", []any{}, []any{"vpc-1"}, []any{"subnet-1", ""}},
		"SecurityGroups":   {[]any{"sg-1", "sg-2", "sg-3", "sg-4", "sg-5", "sg-6"}, []any{"group"}},
		"AssignPublicIp":   {"true", ""},
		"LogGroup":         {"", "a b"},
		"LogStreamPrefix":  {"", "a:b"},
		"DeadlineSeconds":  {"", "15m", "59", "3301", "-1", 900},
		"Release":          {"", "a b"},
		"SnapshotDatabase": {"", "-db"},
		"SnapshotKind":     {"volume", ""},
		"SnapshotPrefix":   {"", "before", "before-", "before--x", "Before-x"},
		"KeepSnapshots":    {"", "0", "21", "5.0", 5},
	}
	tried := 0
	for name, values := range bad {
		for _, value := range append(values, nil) {
			p := properties(3, 900*time.Second)
			withSnapshot(p)
			p[name] = value
			if value == nil && name != "SnapshotDatabase" {
				delete(p, name)
			}
			answer := play(t, requestOf(gate.Create, func(q map[string]any) {
				clear(q)
				for k, v := range p {
					q[k] = v
				}
			}), successful()).answer
			if answer.Status != "FAILED" || !strings.Contains(answer.Reason, "property "+name+" is ") {
				t.Errorf("%s = %v: %s %s", name, value, answer.Status, answer.Reason)
			}
			tried++
		}
	}
	if tried < 40 {
		t.Errorf("only %d values were tried", tried)
	}
}

func TestAllBadPropertiesAreNamedAtOnce(t *testing.T) {
	_, err := gate.ParseSettings(nil)
	if err == nil || strings.Count(err.Error(), "is missing") != 10 {
		t.Errorf("want all ten problems: %v", err)
	}
}

// The deadline counts from CloudFormation's request, whenever the event arrives.
func TestDeadlineCountsFromTheRequest(t *testing.T) {
	arrival := threeAM
	for address, want := range map[string]time.Time{
		"https://x.example/?X-Amz-Date=20261121T025900Z&X-Amz-Expires=7200": arrival.Add(14 * time.Minute),
		"https://x.example/?X-Amz-Date=20261120T030000Z":                    arrival.Add(-24*time.Hour + 15*time.Minute),
		"https://x.example/?X-Amz-Date=20261121T030100Z":                    arrival.Add(15 * time.Minute), // in the future: clocks differ
		"https://x.example/?X-Amz-Date=yesterday":                           arrival.Add(15 * time.Minute),
		"https://x.example/": arrival.Add(15 * time.Minute),
		"::":                 arrival.Add(15 * time.Minute),
	} {
		event := requestOf(gate.Create, nil)
		event.ResponseURL = address
		if got := gate.New(event, arrival).Deadline; !got.Equal(want) {
			t.Errorf("%s: deadline %s, want %s", address, got, want)
		}
	}
}
