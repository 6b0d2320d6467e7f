package inbox

import (
	"net/http"
	"testing"
)

func TestKeptHeaders(t *testing.T) {
	kept := KeptHeaders(http.Header{"X-Github-Event": {"push"}, "X-Hub-Signature-256": {"s"}, "X-Signature": {"s"},
		"X-Forwarded-For": {"1.2.3.4"}, "X-Amzn-Trace-Id": {"r"}, "Cookie": {"c"}, "Authorization": {"a"}})
	if len(kept) != 1 || kept["X-Github-Event"] != "push" {
		t.Errorf("kept %v, want X-Github-Event alone", kept)
	}
}
