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

// AWS is one account in one region.
type AWS struct {
	URL string // for AWS_ENDPOINT_URL

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

// Fault is what is wrong with one call.
type Fault struct {
	Lost    bool   // the call works, and the connection breaks before its answer
	Status  int    // HTTP status; 400 if it is 0
	Code    string // the error's name
	Message string
}

// StartAWS serves until the test ends. Every task runs for a moment and exits with code 0, unless Tasks says otherwise.
func StartAWS(t testing.TB) *AWS {
	a := &AWS{
		faults: map[string][]Fault{}, streams: map[string][]string{}, answers: map[string][][]byte{},
		snapshots: map[string]Snapshot{}, functions: map[string]*Function{}, status: "CREATE_IN_PROGRESS",
		fate: func(Launch) Fate { return Fate{} },
	}
	server := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

// Fail gives the next calls of an action these faults, one each.
func (a *AWS) Fail(action string, faults ...Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults[action] = append(a.faults[action], faults...)
}

// Calls counts an action's calls.
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

// Actions are all actions that were called, each once, sorted.
func (a *AWS) Actions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(a.calls)))
}

// call is one request of any protocol.
type call struct {
	action string
	body   []byte
	form   func(string) string
	path   string
	header http.Header
}

// reply is the answer to a call: a value to be encoded in the call's protocol, or a fault.
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
	case "Invoke":
		return a.invoke(c)
	case "PutAnswer":
		return a.putAnswer(c)
	}
	return reply{fault: &Fault{Status: http.StatusNotImplemented, Code: "NotPlayed", Message: c.action + " is not played"}}
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
		panic(fmt.Sprintf("the stand-in's own answer does not encode: %v", err))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has died is part of the play
}

type errorResponse struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
}
