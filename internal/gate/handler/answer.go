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
