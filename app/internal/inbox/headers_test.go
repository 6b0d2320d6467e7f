package inbox

import (
	"net/http"
	"testing"
)

// What authenticates a sender must not be stored, shown to operators, and passed on to destinations.
func TestKeptHeaders(t *testing.T) {
	header := http.Header{"Cookie": {"c"}, "Authorization": {"a"}, "X-Forwarded-For": {"1.2.3.4"}, "X-Amzn-Trace-Id": {"r"}}
	for _, name := range []string{"X-Hub-Signature-256", "X-Signature", "X-Gitlab-Token", "X-Telegram-Bot-Api-Secret-Token",
		"X-Shopify-Hmac-Sha256", "X-Api-Key", "X-Apikey", "X-Auth", "X-Goog-Channel-Token", "X-Access-Key", "X-Authorization",
		"X-Proxy-Authorization", "X-Sig", "X-Password", "X-Csrf-Token", "X-Jwt-Assertion", "X-Key"} {
		header[name] = []string{"s"}
	}
	good := []string{"X-Github-Event", "X-Github-Delivery", "X-Gitlab-Event", "X-Event-Key", "X-Request-Id", "X-Author", "X-Signal",
		"X-Shopify-Topic"}
	for _, name := range good {
		header[name] = []string{"push"}
	}
	kept := KeptHeaders(header)
	for _, name := range good {
		if kept[name] != "push" {
			t.Errorf("%s is lost", name)
		}
		delete(kept, name)
	}
	if len(kept) > 0 {
		t.Errorf("%v are kept", kept)
	}
}
