package gatetest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// readCall finds out which action a request calls: services name it in a header, in a form, or by the path.
func readCall(r *http.Request) (call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return call{}, err
	}
	c := call{body: body, path: r.URL.Path, header: r.Header}
	switch {
	case strings.HasPrefix(r.URL.Path, answersPath) && r.Method == http.MethodPut:
		c.action = "PutAnswer"
	case strings.HasSuffix(r.URL.Path, "/invocations") && r.Method == http.MethodPost:
		c.action = "Invoke"
	case r.Header.Get("X-Amz-Target") != "":
		_, c.action, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	case strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded"):
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return call{}, err
		}
		c.action, c.form = form.Get("Action"), form.Get
	default:
		return call{}, fmt.Errorf("this fake does not implement %s %s", r.Method, r.URL.Path)
	}
	return c, nil
}
