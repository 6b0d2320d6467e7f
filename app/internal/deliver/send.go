package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/signature"
)

// Limits of one request to a destination.
const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 15 * time.Second // for the header of the answer
	sendTimeout   = 20 * time.Second // for the whole request
	maxAnswer     = 64 << 10         // bytes of an answer that are read, only to reuse the connection
)

// sender posts events. It has one client for public destinations and one for those that may be private, because the two
// must not share connections.
type sender struct {
	public, private *http.Client
}

func newSender() *sender {
	return &sender{public: newClient(false), private: newClient(true)}
}

func newClient(allowPrivate bool) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: control(allowPrivate)}
	return &http.Client{
		Timeout: sendTimeout,
		Transport: &http.Transport{
			Proxy:                 nil, // a proxy would connect for us, past the guard
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: answerTimeout,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       30 * time.Second,
			ForceAttemptHTTP2:     true,
		},
		// A redirect is an answer like any other: it is not 2xx, so the delivery has failed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send posts the event once, and returns the outcome.
func (s *sender) send(ctx context.Context, p inbox.Parcel, attempt int) inbox.Outcome {
	start := time.Now()
	status, err := s.post(ctx, p, attempt)
	out := inbox.Outcome{Status: status, Took: time.Since(start)}
	switch {
	case err != nil:
		out.Error = reason(err)
	case status/100 != 2:
		out.Error = "the destination answered " + strconv.Itoa(status)
	}
	return out
}

// reason describes why there was no answer. It leaves out every name and address, because the address of a destination
// may be all that it takes to post to it, and the text goes to the log.
func reason(err error) string {
	var guarded *refusedAddress
	var name *net.DNSError
	var system syscall.Errno
	var untrusted *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &guarded):
		return guarded.Error()
	case errors.As(err, &name) && name.IsNotFound:
		return "the destination's host name is not known"
	case errors.As(err, &untrusted):
		return "the destination's certificate is not trusted, or is not for its host name"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the destination did not answer in time"
	case errors.As(err, &name):
		return "the destination's host name cannot be looked up at the moment"
	case errors.As(err, &system):
		return "the connection to the destination failed: " + system.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the destination closed the connection without an answer"
	case errors.Is(err, context.Canceled):
		return "the request was cancelled"
	}
	return "the request to the destination failed, or its answer is not HTTP"
}

// post returns the status of the answer, or 0 if there was none.
func (s *sender) post(ctx context.Context, p inbox.Parcel, attempt int) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(p.Body))
	if err != nil {
		return 0, err
	}
	for name, value := range p.Headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", p.ContentType)
	request.Header.Set("User-Agent", "dozen")
	request.Header.Set("Idempotency-Key", p.ID)
	request.Header.Set("Dozen-Event", p.ID)
	request.Header.Set("Dozen-Source", p.Event.Source)
	request.Header.Set("Dozen-Attempt", strconv.Itoa(attempt))
	request.Header.Set("Dozen-Signature", signature.Sign(p.Secret.Reveal(), p.Body, time.Now()))
	client := s.public
	if p.AllowPrivate {
		client = s.private
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, nil
}
