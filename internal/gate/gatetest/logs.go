package gatetest

import "encoding/json"

// getLogEvents returns a stream's last events. A task's output is in its stream, whatever the group.
func (a *AWS) getLogEvents(body []byte) reply {
	var in struct {
		LogStreamName string `json:"logStreamName"`
		Limit         int    `json:"limit"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return malformed(err)
	}
	lines, known := a.streams[in.LogStreamName]
	if !known {
		return reply{fault: &Fault{Code: "ResourceNotFoundException", Message: "The specified log stream does not exist."}}
	}
	if in.Limit > 0 && len(lines) > in.Limit {
		lines = lines[len(lines)-in.Limit:]
	}
	events := []any{}
	for i, line := range lines {
		events = append(events, map[string]any{"timestamp": i, "message": line})
	}
	return reply{value: map[string]any{"events": events}}
}
