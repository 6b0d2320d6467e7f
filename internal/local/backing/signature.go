package backing

import (
	"crypto/hmac"
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

// verify signs the request again with the credentials of the tasks, and compares the signatures. It returns the service
// that the request was signed for.
func (a *AWS) verify(r *http.Request, hash string) (service string, failed *apiError) {
	fields := signatureFields(r)
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 {
		return "", forbidden("MissingAuthenticationToken", "the request does not have a Signature Version 4")
	}
	key, region, service := scope[0], scope[2], scope[3]
	if key != a.key || fields["Token"] != a.token {
		return "", forbidden(invalidKey(service), "the access key or session token does not come from the stand-in")
	}
	if region != a.region {
		return "", forbidden("SignatureDoesNotMatch",
			"the request is signed for region "+region+", but this is "+a.region)
	}
	at, err := time.Parse(dateForm, fields["Date"])
	expiry, presignError := time.ParseDuration(fields["Expires"] + "s")
	if err == nil && presignError == nil && time.Since(at) > expiry {
		return "", forbidden("AccessDenied", "Request has expired")
	} else if err != nil || fields["Expires"] == "" && time.Since(at).Abs() > 15*time.Minute {
		return "", forbidden("RequestTimeTooSkewed",
			"the request was signed at "+fields["Date"]+", more than 15 minutes from now")
	}
	if want := a.sign(r, fields, hash, service, at); !hmac.Equal([]byte(want), []byte(fields["Signature"])) {
		return "", forbidden("SignatureDoesNotMatch", "the signature does not match the request and the credentials")
	}
	return service, nil
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
func (a *AWS) sign(r *http.Request, fields map[string]string, hash, service string, at time.Time) string {
	names := strings.Split(fields["SignedHeaders"], ";")
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
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	credentials := aws.Credentials{AccessKeyID: a.key, SecretAccessKey: a.secret, SessionToken: a.token}
	if !presigned(r) {
		if err := signer.SignHTTP(r.Context(), credentials, again, hash, service, a.region, at); err != nil {
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
	signed, _, err := signer.PresignHTTP(r.Context(), credentials, again, hash, service, a.region, at)
	if err != nil {
		return ""
	}
	parsed, err := url.Parse(signed)
	if err != nil {
		return ""
	}
	return parsed.Query().Get("X-Amz-Signature")
}
