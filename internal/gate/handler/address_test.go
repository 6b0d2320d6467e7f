package handler_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dozen/internal/gate/gatetest"
)

const bucket = "cloudformation-custom-resource-response-euwest1"

// withHost is an event whose answer goes to another host.
func withHost(t *testing.T, event []byte, from, to string) []byte {
	t.Helper()
	changed := strings.Replace(string(event), from, to, 1)
	if changed == string(event) && from != to {
		t.Fatalf("no %s in the event", from)
	}
	return []byte(changed)
}

// The addresses that CloudFormation has used: all of them are answered.
func TestAnswersReachEveryFormOfTheBucket(t *testing.T) {
	for _, host := range []string{
		bucket + ".s3.amazonaws.com",
		bucket + ".s3.eu-west-1.amazonaws.com",
		bucket + ".s3-eu-west-1.amazonaws.com",
		bucket + ".s3.dualstack.eu-west-1.amazonaws.com",
		"cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn",
	} {
		t.Run(host, func(t *testing.T) {
			r := start(t, time.Minute)
			r.function.Invoke(withHost(t, r.event(t, "Create", 0, nil), gatetest.AnswerHost, host))
			r.finish(t, "SUCCESS", 1)
		})
	}
}

// Whoever may invoke the function gets no request from it, and no task: neither into the network, nor to a bucket of theirs.
func TestForeignAddressIsRefused(t *testing.T) {
	for _, address := range []string{
		"http://" + gatetest.AnswerHost,
		"http://169.254.169.254",
		"https://169.254.169.254",
		"https://localhost",
		"https://attacker.example",
		"https://attacker.s3.eu-west-1.amazonaws.com",
		"https://" + gatetest.AnswerHost + ".attacker.example",
		"https://" + gatetest.AnswerHost + "@attacker.example",
		"https://" + gatetest.AnswerHost + ":8443",
		"https://attacker.example/" + gatetest.AnswerHost,
		"https://cloudformation-custom-resource-response-a.attacker.s3.amazonaws.com",
		"https://" + bucket + ".s3.attacker.amazonaws.com.example",
	} {
		t.Run(address, func(t *testing.T) {
			r := start(t, time.Minute)
			event := r.event(t, "Create", 0, nil)
			r.function.Invoke(withHost(t, event, "https://"+gatetest.AnswerHost, address))
			r.function.AwaitIdle()
			handedOver, err := json.Marshal(map[string]any{"Continue": map[string]any{
				"Event": json.RawMessage(withHost(t, event, "https://"+gatetest.AnswerHost, address)), "Phase": "answering",
			}})
			if err != nil {
				t.Fatal(err)
			}
			r.function.Invoke(handedOver)
			r.function.AwaitIdle()
			if calls := r.Actions(); len(calls) > 0 {
				t.Errorf("calls %v", calls)
			}
			contains(t, r.function.Output(), "not a CloudFormation request", "ResponseURL is on http")
			if strings.Contains(r.function.Output(), "0123456789abcdef") {
				t.Error("the log holds the signature")
			}
		})
	}
}

// A redirect does not lead the answer away from the address that was checked.
func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			var asked atomic.Int32
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
			t.Cleanup(elsewhere.Close)
			r := start(t, time.Minute)
			r.Fail("PutAnswer", gatetest.Fault{Status: status, Code: "Redirect", Moved: elsewhere.URL})
			r.function.Invoke(r.event(t, "Create", 0, nil))
			r.finish(t, "SUCCESS", 1)
			if asked.Load() > 0 {
				t.Error("the answer went elsewhere")
			}
		})
	}
}
