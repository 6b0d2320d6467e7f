package handler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"dozen/internal/gate"
)

// putAnswer writes the answer to the presigned address, an object in S3, if there is none yet. Two handlers that
// work on the same request thus give one answer. Should S3 refuse the condition, the answer goes without: one too
// many is ignored, none at all would hold the stack up until its timeout.
func (h *Handler) putAnswer(ctx context.Context, address string, answer gate.Answer) gate.Result {
	status, err := h.put(ctx, address, answer, true)
	if err == nil && status >= 400 && status != http.StatusPreconditionFailed && status != http.StatusConflict && (status < 500 || status == http.StatusNotImplemented) {
		status, err = h.put(ctx, address, answer, false)
	}
	switch {
	case err != nil:
		return failed("PUT of the answer", err)
	case status < 300, status == http.StatusPreconditionFailed:
		return gate.Result{}
	}
	lasting := status >= 400 && status < 500 && status != http.StatusConflict && status != http.StatusTooManyRequests
	return gate.Result{Fault: &gate.Fault{Lasting: lasting, Message: fmt.Sprintf("PUT of the answer: HTTP status %d", status)}}
}

func (h *Handler) put(ctx context.Context, address string, answer gate.Answer, ifNone bool) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(answer.JSON()))
	if err != nil {
		return 0, errors.New("the response's address is malformed")
	}
	if ifNone {
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

// withoutAddress takes the presigned address, a secret, out of an error.
func withoutAddress(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
