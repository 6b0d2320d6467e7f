package backing

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// apiError is an error as AWS answers it.
type apiError struct {
	status        int
	code, message string
}

func badRequest(code, message string) *apiError {
	return &apiError{http.StatusBadRequest, code, message}
}

func forbidden(code, message string) *apiError { return &apiError{http.StatusForbidden, code, message} }

// writeError answers with an error in the protocol of the call.
func writeError(w http.ResponseWriter, r *http.Request, e *apiError) {
	if r.Header.Get("X-Amz-Target") != "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(e.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": e.code, "message": e.message})
		return
	}
	var message bytes.Buffer
	_ = xml.EscapeText(&message, []byte(e.message)) // cannot fail: it writes to memory
	inner := fmt.Sprintf("<Code>%s</Code><Message>%s</Message>", e.code, message.String())
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	if strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded") {
		inner = "<ErrorResponse><Error><Type>Sender</Type>" + inner + "</Error></ErrorResponse>"
	} else {
		inner = "<Error>" + inner + "</Error>"
	}
	_, _ = io.WriteString(w, xml.Header+inner)
}
