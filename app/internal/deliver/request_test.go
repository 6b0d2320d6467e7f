package deliver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"dozen/app/internal/inbox"
	"dozen/app/internal/signature"
)

// A receiver recognizes us by the signature, and a repetition by the key. A sender must not be able to write either.
func TestRequestsAreSigned(t *testing.T) {
	const secret, id = "a-secret-for-tests-only", "0190a000-0000-7000-8000-000000000001"
	var got http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	parcel := inbox.Parcel{Destination: inbox.Destination{URL: server.URL, AllowPrivate: true, Secret: secret}}
	parcel.Event = inbox.Event{ID: id, Source: "demo", ContentType: "text/plain", Body: []byte("hello"),
		Headers: map[string]string{"Dozen-Signature": "forged", "Idempotency-Key": "forged", "X-Kind": "order", "Dozen-Event": "forged"}}
	for attempt := range 2 {
		if out := newSender().send(t.Context(), parcel, attempt+1); out.Error != "" {
			t.Fatal(out.Error)
		}
		signed := http.Header{"Stripe-Signature": got["Dozen-Signature"]}
		if err := signature.Verify("stripe", secret, signed, body, time.Now()); err != nil || len(got["Dozen-Signature"]) != 1 {
			t.Errorf("signature %q of %q: %v", got["Dozen-Signature"], body, err)
		}
		for name, want := range map[string]string{"Idempotency-Key": id, "Dozen-Event": id, "Dozen-Source": "demo", "X-Kind": "order",
			"Dozen-Attempt": string(rune('1' + attempt)), "Content-Type": "text/plain"} {
			if list := got[name]; len(list) != 1 || list[0] != want {
				t.Errorf("attempt %d: %s is %q, want %q", attempt+1, name, list, want)
			}
		}
	}
}

// A destination must not hold a slot of the worker, nor make it read without end; and its job lasts longer than both.
func TestSendingIsBounded(t *testing.T) {
	s := newSender()
	for _, client := range []*http.Client{s.public, s.private} {
		if client.Timeout != sendTimeout || sendTimeout > time.Minute {
			t.Errorf("a request may take %s", client.Timeout)
		}
	}
	if limit := (&Worker{}).Timeout(nil); limit < sendTimeout+recordTimeout || limit > 2*sendTimeout {
		t.Errorf("a job may take %s, a request alone %s", limit, sendTimeout)
	}
	const endless = 64 << 20
	wrote := make(chan int, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		piece, sum := []byte(strings.Repeat("x", 1<<20)), 0
		for sum < endless {
			n, err := w.Write(piece)
			if sum += n; err != nil {
				break
			}
		}
		wrote <- sum
	}))
	defer server.Close()
	out := s.send(t.Context(), inbox.Parcel{Destination: inbox.Destination{URL: server.URL, AllowPrivate: true}}, 1)
	select {
	case sum := <-wrote:
		if out.Error != "" || sum >= endless { // some MiB are in buffers of the system
			t.Errorf("%d bytes of an answer were read: %+v", sum, out)
		}
	case <-time.After(20 * time.Second):
		t.Error("an endless answer is read to its end")
	}
}

// What cannot be read as an address cannot be checked either.
func TestGuardRefusesWhatCannotBeRead(t *testing.T) {
	for _, allow := range []bool{false, true} {
		for _, address := range []string{"", "x", "1.2.3.4", "example.com:80", "@/run/socket", "[::1"} {
			if control(allow)("tcp", address, nil) == nil {
				t.Errorf("%q passes", address)
			}
		}
		if checkAddress(netip.Addr{}, allow) == nil {
			t.Error("no address passes")
		}
	}
	if err := control(false)("tcp", "93.184.215.14:443", nil); err != nil {
		t.Error(err)
	}
}

// A job that waits for its destination must not keep its process from stopping.
func TestAWaitEndsWithItsProcess(t *testing.T) {
	l := newLimits(8)
	l.take(t.Context(), "x", 1, 1)
	l.known["x"].running[1] = time.Now().Add(time.Hour) // it never counts as slow
	waited := make(chan time.Duration, 1)
	ctx, stop := stoppable(t)
	go func() {
		began := time.Now()
		l.take(ctx, "x", 1, 2)
		waited <- time.Since(began)
	}()
	stop()
	select {
	case took := <-waited:
		if took > patience*2/3 {
			t.Errorf("a job waits for %s though its process stops", took)
		}
	case <-time.After(10 * time.Second):
		t.Error("a job waits without end")
	}
}
