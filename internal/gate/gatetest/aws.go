package gatetest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// AWS is a fake of one account in one region.
type AWS struct {
	URL         string // for AWS_ENDPOINT_URL
	Proxy       string // for HTTPS_PROXY: it leads every host to this fake
	Certificate string // for AWS_CA_BUNDLE: a file

	mu        sync.Mutex
	calls     []string
	faults    map[string][]Fault
	tasks     []*Task
	fate      func(Launch) Fate
	streams   map[string][]string
	status    string
	answers   map[string][][]byte
	snapshots map[string]Snapshot
	copying   time.Duration
	functions map[string]*Function
}

// Fault is how one call fails.
type Fault struct {
	Lost    bool   // the call takes effect, but the connection breaks before its response
	Status  int    // HTTP status; 400 if it is 0
	Code    string // the error's name
	Message string
	Moved   string // address of a redirect
}

// StartAWS starts a fake that serves until the test ends. Every task exits with code 0 at once unless SetFate says
// otherwise.
func StartAWS(t testing.TB) *AWS {
	a := &AWS{
		faults: map[string][]Fault{}, streams: map[string][]string{}, answers: map[string][][]byte{},
		snapshots: map[string]Snapshot{}, functions: map[string]*Function{}, status: "CREATE_IN_PROGRESS",
		fate: func(Launch) Fate { return Fate{} },
	}
	server := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(server.Close)
	a.URL = server.URL
	a.startProxy(t)
	return a
}

// Fail makes the next calls of an action fail, one for each fault.
func (a *AWS) Fail(action string, faults ...Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults[action] = append(a.faults[action], faults...)
}

// Calls returns the number of an action's calls.
func (a *AWS) Calls(action string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	count := 0
	for _, call := range a.calls {
		if call == action {
			count++
		}
	}
	return count
}

// Actions returns all actions that were called, each once, sorted.
func (a *AWS) Actions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(a.calls)))
}

// call is one request in any of the protocols.
type call struct {
	action string
	body   []byte
	form   func(string) string
	path   string
	header http.Header
}

// reply is the response to a call: a value to encode in the call's protocol, or a fault.
type reply struct {
	status int
	value  any
	fault  *Fault
}

func (a *AWS) serve(w http.ResponseWriter, r *http.Request) {
	c, err := readCall(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	a.calls = append(a.calls, c.action)
	var fault *Fault
	if planned := a.faults[c.action]; len(planned) > 0 {
		fault, a.faults[c.action] = &planned[0], planned[1:]
	}
	var answer reply
	if fault != nil && !fault.Lost {
		answer = reply{fault: fault}
	} else {
		answer = a.handle(c)
	}
	a.mu.Unlock()
	if fault != nil && fault.Lost {
		panic(http.ErrAbortHandler) // the connection breaks
	}
	answer.write(w, strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded"))
}

func (a *AWS) handle(c call) reply {
	switch c.action {
	case "RunTask":
		return a.runTask(c.body)
	case "DescribeTasks":
		return a.describeTasks(c.body)
	case "ListTasks":
		return a.listTasks(c.body)
	case "StopTask":
		return a.stopTask(c.body)
	case "GetLogEvents":
		return a.getLogEvents(c.body)
	case "DescribeStacks":
		return a.describeStacks()
	case "CreateDBSnapshot", "CreateDBClusterSnapshot":
		return a.createSnapshot(c)
	case "DescribeDBSnapshots", "DescribeDBClusterSnapshots":
		return a.describeSnapshots(c)
	case "DeleteDBSnapshot", "DeleteDBClusterSnapshot":
		return a.deleteSnapshot(c)
	case "Invoke":
		return a.invoke(c)
	case "PutAnswer":
		return a.putAnswer(c)
	}
	return reply{fault: &Fault{
		Status:  http.StatusNotImplemented,
		Code:    "NotImplemented",
		Message: "this fake does not implement " + c.action,
	}}
}

func (r reply) write(w http.ResponseWriter, asXML bool) {
	status, value := r.status, r.value
	if status == 0 {
		status = http.StatusOK
	}
	if r.fault != nil {
		if status = r.fault.Status; status == 0 {
			status = http.StatusBadRequest
		}
		w.Header().Set("X-Amzn-ErrorType", r.fault.Code)
		if r.fault.Moved != "" {
			w.Header().Set("Location", r.fault.Moved)
		}
		value = map[string]string{"__type": r.fault.Code, "message": r.fault.Message}
		if asXML {
			value = errorResponse{Code: r.fault.Code, Message: r.fault.Message}
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	encode := json.Marshal
	if asXML {
		w.Header().Set("Content-Type", "text/xml")
		encode = xml.Marshal
	}
	body, err := encode(value)
	if err != nil {
		panic(fmt.Sprintf("cannot encode the fake's own response: %v", err))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have been killed by the test
}

type errorResponse struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
}
