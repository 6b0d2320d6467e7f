package inbox

import (
	"net/http"
	"strings"
)

// KeptHeaders returns the headers that an event keeps of its request, to be passed on to its destinations: the sender's
// own X- headers, but no signature, and nothing that a proxy in front of us has added.
func KeptHeaders(header http.Header) map[string]string {
	kept := map[string]string{}
	for name := range header {
		proxy := strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Amzn-")
		if strings.HasPrefix(name, "X-") && !proxy && !strings.Contains(name, "Signature") {
			kept[name] = header.Get(name)
		}
	}
	return kept
}
