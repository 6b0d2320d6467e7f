package backing

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const dateForm = "20060102T150405Z"

func presigned(r *http.Request) bool { return r.URL.Query().Get("X-Amz-Signature") != "" }

// longestCall is the most bytes of a call to any service but S3. Parameters and secrets have at most 64 KiB.
const longestCall = 1 << 20

// authenticate verifies the signature of a request, and returns the service that it was signed for. It reads the body
// only if the client knows the credentials and has not sent the body's hash; S3's clients always send it. So a page in
// the developer's browser, which can post anything to this port, costs no memory.
func (a *AWS) authenticate(w http.ResponseWriter, r *http.Request) (service string, failed *apiError) {
	c, failed := a.claimed(r)
	if failed != nil {
		return "", failed
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if hash == "" && !presigned(r) {
		body, failed := readCall(w, r)
		if failed != nil {
			return "", failed
		}
		hash = hashOf(body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	if want := a.sign(r, c, hash); !hmac.Equal([]byte(want), []byte(c.fields["Signature"])) {
		return "", forbidden("SignatureDoesNotMatch", "the signature does not match the request and the credentials")
	}
	return c.service, nil
}

// readCall reads the body of a call, which must have the hash that was signed.
func readCall(w http.ResponseWriter, r *http.Request) ([]byte, *apiError) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestCall))
	var tooLong *http.MaxBytesError
	if errors.As(err, &tooLong) {
		return nil, &apiError{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
			fmt.Sprintf("a call may have %d bytes", tooLong.Limit)}
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if err != nil || len(hash) == 64 && hash != hashOf(body) {
		return nil, badRequest("XAmzContentSHA256Mismatch", "the body is not the one that was signed")
	}
	return body, nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// claim is what a request says about its signature.
type claim struct {
	fields  map[string]string
	service string
	at      time.Time
}

// claimed returns the claim of a request whose key, session token, region and time are right.
func (a *AWS) claimed(r *http.Request) (claim, *apiError) {
	fields := signatureFields(r)
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 {
		return claim{}, forbidden("MissingAuthenticationToken", "the request does not have a Signature Version 4")
	}
	key, region, service := scope[0], scope[2], scope[3]
	if key != a.key || !hmac.Equal([]byte(fields["Token"]), []byte(a.token)) {
		return claim{}, forbidden(invalidKey(service), "the access key or session token does not come from the stand-in")
	}
	if region != a.region {
		return claim{}, forbidden("SignatureDoesNotMatch",
			"the request is signed for region "+region+", but this is "+a.region)
	}
	at, err := time.Parse(dateForm, fields["Date"])
	expiry, presignError := time.ParseDuration(fields["Expires"] + "s")
	if err == nil && presignError == nil && time.Since(at) > expiry {
		return claim{}, forbidden("AccessDenied", "Request has expired")
	} else if err != nil || fields["Expires"] == "" && time.Since(at).Abs() > 15*time.Minute {
		return claim{}, forbidden("RequestTimeTooSkewed",
			"the request was signed at "+fields["Date"]+", more than 15 minutes from now")
	}
	return claim{fields, service, at}, nil
}

// invalidKey returns the service's error code for an unknown access key.
func invalidKey(service string) string {
	if service == "s3" {
		return "InvalidAccessKeyId"
	}
	return "UnrecognizedClientException"
}

// signatureFields returns the parts of a signature, from the header or from a presigned URL.
func signatureFields(r *http.Request) map[string]string {
	fields := map[string]string{"Date": r.Header.Get("X-Amz-Date"), "Token": r.Header.Get("X-Amz-Security-Token")}
	if query := r.URL.Query(); presigned(r) {
		for _, name := range []string{"Credential", "SignedHeaders", "Signature", "Date", "Expires"} {
			fields[name] = query.Get("X-Amz-" + name)
		}
		fields["Token"] = query.Get("X-Amz-Security-Token")
		return fields
	}
	text, isV4 := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	for part := range strings.SplitSeq(text, ",") {
		if name, value, found := strings.Cut(strings.TrimSpace(part), "="); found && isV4 {
			fields[name] = value
		}
	}
	return fields
}

// sign returns the signature that the client should have made, over the headers that it claims to have signed.
func (a *AWS) sign(r *http.Request, c claim, hash string) string {
	names := strings.Split(c.fields["SignedHeaders"], ";")
	again := &http.Request{Method: r.Method, Host: r.Host, Header: http.Header{}}
	address := *r.URL
	again.URL = &address
	for _, name := range names {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	if slices.Contains(names, "content-length") {
		again.ContentLength = r.ContentLength
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = c.service == "s3" })
	credentials := aws.Credentials{AccessKeyID: a.key, SecretAccessKey: a.secret, SessionToken: a.token}
	if !presigned(r) {
		if err := signer.SignHTTP(r.Context(), credentials, again, hash, c.service, a.region, c.at); err != nil {
			return ""
		}
		return signatureFields(again)["Signature"]
	}
	if hash == "" {
		hash = "UNSIGNED-PAYLOAD"
	}
	query := address.Query()
	query.Del("X-Amz-Signature")
	again.URL.RawQuery = query.Encode()
	signed, _, err := signer.PresignHTTP(r.Context(), credentials, again, hash, c.service, a.region, c.at)
	if err != nil {
		return ""
	}
	parsed, err := url.Parse(signed)
	if err != nil {
		return ""
	}
	return parsed.Query().Get("X-Amz-Signature")
}
