package inbox

import (
	"net/http"
	"regexp"
	"strings"
)

// secretParts are in the names of headers that authenticate a sender, such as X-Gitlab-Token and X-Api-Key. Who knows
// their value can post events in the sender's name.
var secretParts = regexp.MustCompile(`(?i)signature|token|secret|password|passwd|credential|hmac|jwt|session|cookie` +
	`|api-?key|access-?key|authorization|^x-(auth|key|sig)(-|$)`)

// KeptHeaders returns the headers that an event keeps of its request, to be passed on to its destinations: the sender's
// own X- headers, but none that authenticates it, and nothing that a proxy in front of us has added.
func KeptHeaders(header http.Header) map[string]string {
	kept := map[string]string{}
	for name := range header {
		proxy := strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Amzn-")
		if strings.HasPrefix(name, "X-") && !proxy && !secretParts.MatchString(name) {
			kept[name] = strings.ToValidUTF8(header.Get(name), "\uFFFD")
		}
	}
	return kept
}
