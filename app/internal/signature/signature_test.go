package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

const secret = "It's a Secret to Everybody"

var (
	body = []byte("Hello, World!")
	// The digest in GitHub's documentation for this secret and body.
	published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	now       = time.Unix(1_800_000_000, 0)
)

func header(name, value string) http.Header { return http.Header{name: {value}} }

func TestVerify(t *testing.T) {
	stamped := Sign(secret, body, now)
	wrong := strings.Replace(stamped, "v1=", "v1="+strings.Repeat("0", 64)+",v1=", 1)
	cases := []struct {
		what, scheme, name, value string
		want                      error
	}{
		{"github's own example", "github", "X-Hub-Signature-256", published, nil},
		{"github in capitals", "github", "X-Hub-Signature-256", "sha256=" + strings.ToUpper(published[7:]), nil},
		{"github without prefix", "github", "X-Hub-Signature-256", published[7:], ErrMalformed},
		{"github with sha1's prefix", "github", "X-Hub-Signature-256", "sha1=" + published[7:], ErrMalformed},
		{"github, too short", "github", "X-Hub-Signature-256", published[:30], ErrMalformed},
		{"github, half of it", "github", "X-Hub-Signature-256", published[:7+sha256.Size], ErrMalformed},
		{"github, one digit off", "github", "X-Hub-Signature-256", published[:70] + "6", ErrMismatch},
		{"github, none", "github", "Other", published, ErrMissing},
		{"hmac with prefix", "hmac", "X-Signature", published, nil},
		{"hmac without prefix", "hmac", "X-Signature", published[7:], nil},
		{"hmac, a digit too many", "hmac", "X-Signature", published + "0", ErrMalformed},
		{"hmac, something behind it", "hmac", "X-Signature", published + "zz", ErrMalformed},
		{"hmac, not hex", "hmac", "X-Signature", strings.Repeat("z", 64), ErrMalformed},
		{"stripe", "stripe", "Stripe-Signature", stamped, nil},
		{"stripe, secret being rolled", "stripe", "Stripe-Signature", wrong, nil},
		{"stripe, with a scheme of the future", "stripe", "Stripe-Signature", stamped + ",v2=x", nil},
		{"stripe, 5 minutes old", "stripe", "Stripe-Signature", Sign(secret, body, now.Add(-Tolerance)), nil},
		{"stripe, played back", "stripe", "Stripe-Signature", Sign(secret, body, now.Add(-Tolerance-time.Second)), ErrExpired},
		{"stripe, from the next 5 minutes", "stripe", "Stripe-Signature", Sign(secret, body, now.Add(Tolerance)), nil},
		{"stripe, one is not hex", "stripe", "Stripe-Signature", stamped + ",v1=" + strings.Repeat("z", 64), ErrMalformed},
		{"stripe, one is too short", "stripe", "Stripe-Signature", stamped + ",v1=00", ErrMalformed},
		{"stripe, ten signatures", "stripe", "Stripe-Signature", stamped + strings.Repeat(",v1="+strings.Repeat("0", 64), 9), nil},
		{"stripe, eleven", "stripe", "Stripe-Signature", stamped + strings.Repeat(",v1="+strings.Repeat("0", 64), 10), ErrMalformed},
		{"stripe, from the future", "stripe", "Stripe-Signature", Sign(secret, body, now.Add(Tolerance+time.Second)), ErrExpired},
		{"stripe, stamp changed", "stripe", "Stripe-Signature", strings.Replace(stamped, "t=18", "t=19", 1), ErrMismatch},
		{"stripe, two stamps", "stripe", "Stripe-Signature", "t=1," + stamped, ErrMalformed},
		{"stripe, no stamp", "stripe", "Stripe-Signature", stamped[strings.Index(stamped, "v1"):], ErrMalformed},
		{"stripe, a stamp alone", "stripe", "Stripe-Signature", stamped[:strings.Index(stamped, ",")], ErrMalformed},
		{"stripe, hundreds of signatures", "stripe", "Stripe-Signature",
			stamped + strings.Repeat(",v1="+strings.Repeat("0", 64), 300), ErrMalformed},
		{"stripe, other secret", "stripe", "Stripe-Signature", Sign("other", body, now), ErrMismatch},
	}
	for _, c := range cases {
		if got := Verify(c.scheme, secret, header(c.name, c.value), body, now); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	for _, scheme := range []string{"hmac", "github", "stripe"} {
		signed := header("Stripe-Signature", stamped)
		signed.Set("X-Signature", published)
		signed.Set("X-Hub-Signature-256", published)
		if got := Verify(scheme, secret, signed, append(body[:len(body):len(body)], '!'), now); !errors.Is(got, ErrMismatch) {
			t.Errorf("%s of another body: %v", scheme, got)
		}
	}
	if Verify("none", secret, http.Header{}, body, now) == nil {
		t.Error("an unknown scheme accepts everything")
	}
}

// In the plain form nothing ties the id in the header to the signature: who has seen a request can post its event again
// under another id. The stamped form signs both, and expires.
func TestStampedHMACSignsTheDeliveryID(t *testing.T) {
	sign := func(key string, at time.Time) http.Header {
		h := http.Header{}
		h.Set("X-Signature", Sign(secret, append([]byte(key+"."), body...), at))
		h.Set("Idempotency-Key", key)
		return h
	}
	other, none, split := sign("order-1", now), sign("order-1", now), sign("order-1", now)
	other.Set("Idempotency-Key", "order-2")
	none.Del("Idempotency-Key")
	split.Set("Idempotency-Key", "order-1.Hello, World!")
	plain := http.Header{}
	plain.Set("X-Signature", strings.TrimPrefix(strings.Split(sign("", now).Get("X-Signature"), "v1=")[1], "v1="))
	for what, c := range map[string]struct {
		header http.Header
		want   error
	}{
		"with an id":            {sign("order-1", now), nil},
		"without an id":         {sign("", now), nil},
		"another id":            {other, ErrMismatch},
		"the id is gone":        {none, ErrMismatch},
		"the id has grown":      {split, ErrMismatch},
		"too old":               {sign("order-1", now.Add(-Tolerance-time.Second)), ErrExpired},
		"its digest as a plain": {plain, ErrMismatch},
		"not stripe's":          {header("X-Signature", Sign(secret, body, now)), ErrMismatch},
	} {
		if got := Verify("hmac", secret, c.header, body, now); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}

func TestDeliveryID(t *testing.T) {
	cases := []struct {
		scheme string
		header http.Header
		body   string
		want   string
		good   bool
	}{
		{"github", header("X-Github-Delivery", "abc"), "", "abc", true},
		{"github", nil, "", "", false},
		{"stripe", nil, `{"id":"evt_1","object":"event"}`, "evt_1", true},
		{"stripe", nil, `{"id":7}`, "", false},
		{"stripe", nil, `{`, "", false},
		{"hmac", header("Idempotency-Key", "k"), "", "k", true},
		{"hmac", nil, "", "", true},
		{"hmac", header("Idempotency-Key", strings.Repeat("k", 200)), "", strings.Repeat("k", 200), true},
		{"hmac", header("Idempotency-Key", strings.Repeat("k", 201)), "", "", false},
		{"hmac", header("Idempotency-Key", "a b~"), "", "a b~", true},
		{"hmac", header("Idempotency-Key", "a\x7fb"), "", "", false},
		{"hmac", header("Idempotency-Key", "a\x1fb"), "", "", false},
		{"hmac", header("Idempotency-Key", "a\x00b"), "", "", false},
	}
	for _, c := range cases {
		got, err := DeliveryID(c.scheme, c.header, []byte(c.body))
		if (err == nil) != c.good || err == nil && got != c.want {
			t.Errorf("DeliveryID(%s, %v, %q) = %q, %v", c.scheme, c.header, c.body, got, err)
		}
	}
}

// Whatever the header contains, Verify does not panic, and accepts only a signature that was made with the secret.
func FuzzVerify(f *testing.F) {
	f.Add("github", published, []byte("Hello, World!"))
	f.Add("stripe", Sign(secret, body, now), []byte("Hello, World!"))
	f.Add("stripe", "t=,v1=", []byte{})
	f.Add("stripe", "t=1800000000,v1=00,v1", []byte("x"))
	f.Add("hmac", "sha256=", []byte(nil))
	f.Add("hmac", "sha256=sha256=", []byte("{}"))
	f.Fuzz(func(t *testing.T, scheme, value string, content []byte) {
		name := map[string]string{"github": "X-Hub-Signature-256", "stripe": "Stripe-Signature"}[scheme]
		if name == "" {
			scheme, name = "hmac", "X-Signature"
		}
		if Verify(scheme, secret, header(name, value), content, now) != nil {
			return
		}
		digest := hex.EncodeToString(sum(secret, content))
		if scheme == "stripe" {
			stamp, _, err := parseStamped(value)
			if err != nil {
				t.Fatalf("passed, but is malformed: %q", value)
			}
			digest = hex.EncodeToString(sum(secret, []byte(stamp+"."), content))
		}
		if !strings.Contains(strings.ToLower(value), digest) {
			t.Fatalf("%s passes with %q", scheme, value)
		}
	})
}

func FuzzDeliveryID(f *testing.F) {
	f.Add([]byte(`{"id":"evt_1"}`))
	f.Add([]byte(`{"id":"\u0000"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, content []byte) {
		id, err := DeliveryID("stripe", nil, content)
		if err == nil && (id == "" || len(id) > maxID || strings.ContainsAny(id, "\x00\n\r")) {
			t.Fatalf("accepted %q", id)
		}
	})
}

// Stripe's own libraries have the same tolerance. More of it is more time to replay what somebody has recorded.
func TestTolerance(t *testing.T) {
	if Tolerance != 5*time.Minute {
		t.Errorf("the tolerance is %s", Tolerance)
	}
}
