package deliver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/signature"
)

// Limits of one request to a destination.
const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 15 * time.Second // until the answer's header
	sendTimeout   = 20 * time.Second // for all of it
	maxAnswer     = 64 << 10         // bytes read of an answer, only to reuse the connection
)

// sender posts events. It has one client for public destinations, and one for
// those that may be private: connections are kept, so they must not be shared.
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
			Proxy:                 nil, // a proxy would connect in our place, past the guard
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: answerTimeout,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       30 * time.Second,
			ForceAttemptHTTP2:     true,
		},
		// A redirect is an answer like any other: not 2xx, so not delivered.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send posts the event once.
func (s *sender) send(ctx context.Context, p inbox.Parcel, attempt int) inbox.Outcome {
	start := time.Now()
	status, err := s.post(ctx, p, attempt)
	out := inbox.Outcome{Status: status, Took: time.Since(start)}
	switch {
	case err != nil:
		out.Error = err.Error()
	case status/100 != 2:
		out.Error = "answer " + strconv.Itoa(status)
	}
	return out
}

func (s *sender) post(ctx context.Context, p inbox.Parcel, attempt int) (status int, err error) {
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
