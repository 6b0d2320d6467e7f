package s3

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// call is a call that is being answered.
type call struct {
	*Store
	w      http.ResponseWriter
	r      *http.Request
	bucket *bucket // nil in a call that forbidden answers
	key    string
}

// calls are the calls that are answered, each by its method, its kind of path, and the parameters that make it another
// call.
var calls = map[string]func(*call) error{
	"HEAD /bucket":                        func(*call) error { return nil },
	"GET /bucket":                         (*call).list,
	"GET /bucket?location":                (*call).location,
	"POST /bucket?delete":                 (*call).deleteMany,
	"PUT /bucket/key":                     (*call).put,
	"GET /bucket/key":                     (*call).get,
	"HEAD /bucket/key":                    (*call).get,
	"DELETE /bucket/key":                  (*call).delete,
	"POST /bucket/key?uploads":            (*call).createUpload,
	"PUT /bucket/key?partNumber&uploadId": (*call).putPart,
	"POST /bucket/key?uploadId":           (*call).completeUpload,
	"DELETE /bucket/key?uploadId":         (*call).abortUpload,
	"GET /":                               forbidden,
	"PUT /bucket":                         forbidden,
	"DELETE /bucket":                      forbidden,
}

// details are parameters that do not make a call another one. So are those that begin with X-Amz- or response-.
var details = []string{
	"x-id", "list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "marker",
	"encoding-type", "fetch-owner",
}

// ServeHTTP answers a call whose signature is right.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Store: s, w: w, r: r}
	if err := c.answer(); err != nil {
		writeError(w, err)
	}
}

func (c *call) answer() error {
	name, key, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	c.key = key
	form := c.form(name)
	answer, known := calls[form]
	if !known {
		return notImplemented(form)
	}
	if name != "" && form != "PUT /bucket" {
		if c.bucket = c.buckets[name]; c.bucket == nil {
			return &apiError{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist: " + name}
		}
	}
	if len(key) > 1024 {
		return badRequest("KeyTooLongError", "Your key is too long: it may have 1024 bytes")
	}
	return answer(c)
}

// form returns the call's form, such as "GET /bucket?location".
func (c *call) form(bucket string) string {
	form := c.r.Method + " /"
	switch {
	case c.key != "":
		form += "bucket/key"
	case bucket != "":
		form += "bucket"
	}
	var others []string
	for name := range c.r.URL.Query() {
		lower := strings.ToLower(name)
		if !slices.Contains(details, name) && !strings.HasPrefix(lower, "x-amz-") && !strings.HasPrefix(lower, "response-") {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		slices.Sort(others)
		form += "?" + strings.Join(others, "&")
	}
	return form
}

func (c *call) location() error {
	type LocationConstraint struct{} // empty as for us-east-1
	return c.writeXML(LocationConstraint{})
}

func forbidden(*call) error {
	return &apiError{http.StatusForbidden, "AccessDenied",
		"a task may not list, create or delete buckets: the template has them"}
}

func (c *call) writeXML(answer any) error {
	c.w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(c.w, xml.Header)
	return xml.NewEncoder(c.w).Encode(answer)
}

// apiError is an error as S3 answers it.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func badRequest(code, message string) error { return &apiError{http.StatusBadRequest, code, message} }

func notImplemented(what string) error {
	return &apiError{http.StatusNotImplemented, "NotImplemented", "the stand-in for S3 does not support " + what}
}

// writeError answers with an error. What is no apiError is a fault of this machine, such as a full disk.
func writeError(w http.ResponseWriter, err error) {
	e, is := err.(*apiError) //nolint:errorlint // they are not wrapped
	if !is {
		e = &apiError{http.StatusInternalServerError, "InternalError", fmt.Sprint(err)}
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: e.code, Message: e.message})
}
