package gatetest

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const answersPath = "/answers/"

// Answer is the part of a response that CloudFormation reads.
type Answer struct {
	Status             string
	Reason             string
	PhysicalResourceId string
	StackId            string
	RequestId          string
	LogicalResourceId  string
	Data               map[string]string
	Bytes              int // of the whole body
}

// SetStackStatus sets the stack's status.
func (a *AWS) SetStackStatus(status string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status = status
}

// AnswerHost is the host of answers, CloudFormation's bucket. Only the function's proxy leads to it.
const AnswerHost = "cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com"

// ResponseURL returns the presigned address for a request's answer.
func (a *AWS) ResponseURL(request string, at time.Time) string {
	query := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Date": {at.UTC().Format("20060102T150405Z")}, "X-Amz-Expires": {"7200"},
		"X-Amz-SignedHeaders": {"host"}, "X-Amz-Credential": {"fake"}, "X-Amz-Signature": {"0123456789abcdef"},
	}
	return "https://" + AnswerHost + answersPath + request + "?" + query.Encode()
}

// Answers returns all answers that were accepted for a request.
func (a *AWS) Answers(request string) []Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	var answers []Answer
	for _, body := range a.answers[request] {
		answer := Answer{Bytes: len(body)}
		if err := json.Unmarshal(body, &answer); err != nil {
			answer.Reason = "not JSON: " + err.Error()
		}
		answers = append(answers, answer)
	}
	return answers
}

// AwaitAnswer waits for a request's first answer.
func (a *AWS) AwaitAnswer(t testing.TB, request string) Answer {
	t.Helper()
	const patience = time.Minute // enough for a busy machine; the usual wait is a second
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(10 * time.Millisecond) {
		if answers := a.Answers(request); len(answers) > 0 {
			return answers[0]
		}
	}
	t.Fatalf("request %s was not answered within %s; calls: %v", request, patience, a.Actions())
	return Answer{}
}

// putAnswer does what S3 does: with If-None-Match it writes once.
func (a *AWS) putAnswer(c call) reply {
	request := strings.TrimPrefix(c.path, answersPath)
	if c.header.Get("Content-Type") != "" {
		return reply{fault: &Fault{
			Status:  http.StatusForbidden,
			Code:    "SignatureDoesNotMatch",
			Message: "the address was signed without a content type",
		}}
	}
	if c.header.Get("If-None-Match") == "*" && len(a.answers[request]) > 0 {
		return reply{fault: &Fault{
			Status:  http.StatusPreconditionFailed,
			Code:    "PreconditionFailed",
			Message: "the object exists",
		}}
	}
	a.answers[request] = append(a.answers[request], c.body)
	return reply{value: struct{}{}}
}

func (a *AWS) describeStacks() reply {
	return reply{value: struct {
		XMLName xml.Name `xml:"DescribeStacksResponse"`
		Name    string   `xml:"DescribeStacksResult>Stacks>member>StackName"`
		Created string   `xml:"DescribeStacksResult>Stacks>member>CreationTime"`
		Status  string   `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
	}{Name: "dev", Created: "2026-11-21T03:00:00Z", Status: a.status}}
}
