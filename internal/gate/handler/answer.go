package handler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"dozen/internal/gate"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// answerHost is CloudFormation's bucket for answers, in any of S3's addresses: global, of a region, its older form with a
// dash, dual-stack. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/vpc-interface-endpoints.html
var answerHost = regexp.MustCompile(
	`^cloudformation-custom-resource-response-[a-z0-9]+\.s3([.-](dualstack\.)?[a-z0-9-]+)?\.amazonaws\.(com|com\.cn|eu)$`)

// checkAnswerAddress returns an error unless the answer to an event goes to CloudFormation: whoever may invoke the function
// could otherwise use it to send requests to any host.
func checkAnswerAddress(address string) error {
	parsed, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("the event is not a CloudFormation request: its ResponseURL is malformed")
	case parsed.Scheme != "https" || !answerHost.MatchString(parsed.Host):
		return fmt.Errorf("the event is not a CloudFormation request: its ResponseURL is on %s://%s, and not in CloudFormation's "+
			"bucket, https://cloudformation-custom-resource-response-REGION.s3.REGION.amazonaws.com", parsed.Scheme, parsed.Host)
	}
	return nil
}

// answerClient sends answers, with the proxy and the certificates of the SDK's own client. It follows no redirect, which
// could lead away from the address that was checked.
func answerClient(sdk aws.HTTPClient) *http.Client {
	client := &http.Client{
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if configured, ok := sdk.(*awshttp.BuildableClient); ok {
		client.Transport = configured.GetTransport()
	}
	return client
}

// putAnswer writes the answer to the presigned address, an object in S3, unless it exists already: two handlers that
// work on the same request thus give one answer. If S3 rejects the condition, the answer is sent without it, because a
// second answer is ignored, while a missing one holds up the stack until its timeout.
func (h *Handler) putAnswer(ctx context.Context, address string, answer gate.Answer) gate.Result {
	status, err := h.put(ctx, address, answer, true)
	if err == nil && conditionRejected(status) {
		status, err = h.put(ctx, address, answer, false)
	}
	switch {
	case err != nil:
		return failed("PUT of the answer", err)
	case status < 300, status == http.StatusPreconditionFailed:
		return gate.Result{}
	}
	lasting := status >= 400 && status < 500 && status != http.StatusConflict && status != http.StatusTooManyRequests
	return gate.Result{Fault: &gate.Fault{
		Lasting: lasting,
		Message: fmt.Sprintf("PUT of the answer: HTTP status %d", status),
	}}
}

// conditionRejected reports whether S3 may have rejected the condition itself, rather than found that it does not hold.
func conditionRejected(status int) bool {
	switch status {
	case http.StatusPreconditionFailed, http.StatusConflict:
		return false
	case http.StatusNotImplemented:
		return true
	}
	return status >= 400 && status < 500
}

func (h *Handler) put(ctx context.Context, address string, answer gate.Answer, onlyNew bool) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(answer.JSON()))
	if err != nil {
		return 0, errors.New("the ResponseURL is malformed")
	}
	if onlyNew {
		request.Header.Set("If-None-Match", "*")
	}
	response, err := h.http.Do(request)
	if err != nil {
		return 0, withoutAddress(err)
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	return response.StatusCode, withoutAddress(err)
}

// withoutAddress removes the presigned address, a secret, from an error.
func withoutAddress(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
