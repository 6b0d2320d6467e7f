package handler_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"dozen/internal/gate"
)

// lastingEvent is CloudFormation's request of a deployment that switches the queue off.
func (r harness) lastingEvent(t *testing.T, confirm ...string) []byte {
	t.Helper()
	properties := func(value string, confirm []string) map[string]any {
		return map[string]any{gate.PropertyConfirm: confirm, gate.PropertyLasting: []any{map[string]any{
			gate.PropertyName: "Options.Queue", gate.PropertyValue: value, gate.RuleConfirm: "the queue is deleted",
		}}}
	}
	body, err := json.Marshal(map[string]any{
		"RequestType": "Update", "RequestId": "r1", "ResponseURL": r.ResponseURL("r1", time.Now()),
		"StackId":      "arn:aws:cloudformation:eu-west-1:111122223333:stack/dev/1",
		"ResourceType": gate.LastingType, "LogicalResourceId": "Lasting", "PhysicalResourceId": "release-gate-1",
		"OldResourceProperties": properties("true", nil), "ResourceProperties": properties("false", confirm),
	})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestUnconfirmedChangeIsRefused(t *testing.T) {
	r := start(t, time.Minute)
	r.SetStackStatus("UPDATE_IN_PROGRESS")
	r.function.Invoke(r.lastingEvent(t))
	contains(t, r.finish(t, "FAILED", 0).Reason, `Options.Queue is "true" in the deployed environment and "false" now`,
		"the queue is deleted", `add "Options.Queue=false" to the environment's Confirm`)
	if want := []string{"DescribeStacks", "PutAnswer"}; !slices.Equal(r.Actions(), want) {
		t.Errorf("calls %v, want %v", r.Actions(), want)
	}
}

func TestConfirmedChangeAndTheWayBack(t *testing.T) {
	for status, confirm := range map[string][]string{
		"UPDATE_IN_PROGRESS": {"Options.Queue=false"}, "UPDATE_ROLLBACK_IN_PROGRESS": nil,
	} {
		t.Run(status, func(t *testing.T) {
			r := start(t, time.Minute)
			r.SetStackStatus(status)
			r.function.Invoke(r.lastingEvent(t, confirm...))
			r.finish(t, "SUCCESS", 0)
		})
	}
}
