package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// repeatedKey returns a key that a JSON line has twice, or "". Of such a line, every reader keeps another half.
func repeatedKey(line string) string {
	decoder, seen := json.NewDecoder(strings.NewReader(line)), map[string]bool{}
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return ""
	}
	for decoder.More() {
		token, err := decoder.Token()
		key, isKey := token.(string)
		var value json.RawMessage
		if err != nil || !isKey || decoder.Decode(&value) != nil {
			return "" // cut off when the process was killed
		}
		if seen[key] {
			return key
		}
		seen[key] = true
	}
	return ""
}

func TestRepeatedKeysAreNoticed(t *testing.T) {
	for line, want := range map[string]string{
		`{"version":"8657a361fd5a","took":1,"version":1}`: "version", `{"a":{"b":1},"b":2}`: "", "plain": "", `{"a":1,"b`: "",
	} {
		if got := repeatedKey(line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
