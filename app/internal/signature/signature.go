// Package signature verifies and creates the signatures of webhooks. All schemes use HMAC-SHA256 over the body; they
// differ in header and format:
//
//	hmac    X-Signature: sha256=<hex>          (the prefix is optional)
//	        X-Signature: t=<unix>,v1=<hex>     over "<t>.<Idempotency-Key>.<body>"
//	github  X-Hub-Signature-256: sha256=<hex>
//	stripe  Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>...]  over "<t>.<body>"
//
// Only a signature with a timestamp protects from somebody who has seen a request: without one he can post it again, and,
// because no scheme but the second form of hmac signs the delivery id that is in a header, under another id.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Tolerance is how far a signed timestamp may be from now, in either direction: an older request may be a recorded
// one that somebody replays.
const Tolerance = 5 * time.Minute

// maxSignatures limits the work that one header can cause.
const maxSignatures = 10

// Reasons why a request is rejected. They reveal nothing about the secret.
var (
	ErrMissing   = errors.New("signature header is missing")
	ErrMalformed = errors.New("signature header is malformed")
	ErrMismatch  = errors.New("signature does not match")
	ErrExpired   = errors.New("signature timestamp is too far from the current time")
)

// Verify verifies a request's signature, in constant time.
func Verify(scheme, secret string, header http.Header, body []byte, now time.Time) error {
	switch scheme {
	case "hmac":
		text := header.Get("X-Signature")
		if strings.HasPrefix(text, "t=") {
			return verifyStamped(text, secret, now, []byte(header.Get("Idempotency-Key")+"."), body)
		}
		return verifyPlain(text, secret, body, false)
	case "github":
		return verifyPlain(header.Get("X-Hub-Signature-256"), secret, body, true)
	case "stripe":
		return verifyStamped(header.Get("Stripe-Signature"), secret, now, body)
	}
	return fmt.Errorf("unknown signature scheme %q", scheme)
}

func verifyPlain(text, secret string, body []byte, prefixed bool) error {
	if text == "" {
		return ErrMissing
	}
	digits, found := strings.CutPrefix(text, "sha256=")
	if prefixed && !found {
		return ErrMalformed
	}
	given, err := hex.DecodeString(digits)
	if err != nil || len(given) != sha256.Size {
		return ErrMalformed
	}
	if !hmac.Equal(given, sum(secret, body)) {
		return ErrMismatch
	}
	return nil
}

// verifyStamped verifies a signature over a timestamp, a dot and the parts.
func verifyStamped(text, secret string, now time.Time, parts ...[]byte) error {
	if text == "" {
		return ErrMissing
	}
	stamp, given, err := parseStamped(text)
	if err != nil {
		return err
	}
	want := sum(secret, append([][]byte{[]byte(stamp + ".")}, parts...)...)
	matches := false
	for _, signature := range given {
		matches = hmac.Equal(signature, want) || matches
	}
	if !matches {
		return ErrMismatch
	}
	// The timestamp is checked after the signature: before, anybody could have written it.
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return ErrMalformed
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > Tolerance || age < -Tolerance {
		return ErrExpired
	}
	return nil
}

func parseStamped(text string) (stamp string, given [][]byte, err error) {
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			if stamp != "" {
				return "", nil, ErrMalformed
			}
			stamp = value
		case "v1":
			signature, err := hex.DecodeString(value)
			if err != nil || len(signature) != sha256.Size || len(given) == maxSignatures {
				return "", nil, ErrMalformed
			}
			given = append(given, signature)
		}
	}
	if stamp == "" || len(given) == 0 {
		return "", nil, ErrMalformed
	}
	return stamp, given, nil
}

// Sign returns a header value in the stripe format. Destinations verify our requests with it.
func Sign(secret string, body []byte, now time.Time) string {
	stamp := strconv.FormatInt(now.Unix(), 10)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(sum(secret, []byte(stamp+"."), body))
}

func sum(secret string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// maxID is the maximum length of a delivery id in bytes.
const maxID = 200

// DeliveryID returns the sender's own id of a request, which identifies repeated requests. It is optional
// in the hmac scheme, where it may be "".
func DeliveryID(scheme string, header http.Header, body []byte) (string, error) {
	var id, where string
	switch scheme {
	case "github":
		where, id = "header X-GitHub-Delivery", header.Get("X-GitHub-Delivery")
	case "stripe":
		var event struct{ ID string }
		if err := json.Unmarshal(body, &event); err != nil {
			return "", fmt.Errorf("the body is not a JSON object with a string id: %w", err)
		}
		where, id = `field "id" of the body`, event.ID
	default:
		where, id = "header Idempotency-Key", header.Get("Idempotency-Key")
		if id == "" {
			return "", nil
		}
	}
	if id == "" || len(id) > maxID || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", fmt.Errorf("%s: want 1 to %d printable ASCII characters, got %d bytes", where, maxID, len(id))
	}
	return id, nil
}
