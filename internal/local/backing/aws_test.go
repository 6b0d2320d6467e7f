package backing_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"dozen/internal/local/backing"
)

const arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf"

// task calls the stand-in as a task does, with the variables and credentials that it gets.
type task struct {
	t           *testing.T
	variables   map[string]string
	credentials aws.Credentials
	hashes      bool // whether it sends the hash of each body, as some languages' clients do
}

func awsSettings(dir string) backing.AWSSettings {
	return backing.AWSSettings{
		Dir: filepath.Join(dir, "aws"), Region: "eu-central-1", Account: "111122223333",
		Buckets: []string{"files", "logs"}, Secrets: []backing.Secret{{ARN: arn, Name: "login", Value: "one"}},
	}
}

func startAWS(t *testing.T, s backing.AWSSettings) (*backing.AWS, task) {
	t.Helper()
	a, err := backing.StartAWS(t.Context(), s)
	must(t, err)
	t.Cleanup(a.Stop)
	variables := a.Variables()
	request, err := http.NewRequest(http.MethodGet, variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], nil)
	must(t, err)
	request.Header.Set("Authorization", variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
	var answer struct {
		AccessKeyId, SecretAccessKey, Token string //nolint:revive // AWS's spelling
		Expiration                          time.Time
	}
	status, body := do(t, request)
	must(t, json.Unmarshal([]byte(body), &answer))
	if status != 200 || time.Until(answer.Expiration) < time.Hour {
		t.Fatalf("credentials: %d %s", status, body)
	}
	return a, task{t: t, variables: variables, credentials: aws.Credentials{
		AccessKeyID: answer.AccessKeyId, SecretAccessKey: answer.SecretAccessKey, SessionToken: answer.Token,
	}}
}

func do(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(body)
}

// request returns a request that is signed as AWS's own client signs it.
func (c task) request(service, method, path, target, body string) *http.Request {
	c.t.Helper()
	request, err := http.NewRequest(method, c.variables["AWS_ENDPOINT_URL"]+path, strings.NewReader(body))
	must(c.t, err)
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
		request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	if service == "s3" || c.hashes {
		request.Header.Set("X-Amz-Content-Sha256", hash)
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	must(c.t, signer.SignHTTP(c.t.Context(), c.credentials, request, hash, service, c.variables["AWS_REGION"], time.Now()))
	return request
}

func (c task) expect(request *http.Request, status int, want string) string {
	c.t.Helper()
	got, body := do(c.t, request)
	if got != status || !strings.Contains(body, want) {
		c.t.Errorf("%s %s %s: %d %s; want %d with %q", request.Method, request.URL.Path, request.Header.Get("X-Amz-Target"), got, body, status, want)
	}
	return body
}

func (c task) call(service, target, body string) *http.Request {
	c.t.Helper()
	return c.request(service, http.MethodPost, "/", target, body)
}

func TestSecretsChangeBetweenStarts(t *testing.T) {
	settings := awsSettings(directory(t))
	a, c := startAWS(t, settings)
	get := "secretsmanager.GetSecretValue"
	c.expect(c.call("secretsmanager", get, `{"SecretId":"`+arn+`"}`), 200, `"SecretString":"one"`)
	c.expect(c.call("secretsmanager", get, `{"SecretId":"login","VersionStage":"AWSPENDING"}`), 400, "ResourceNotFoundException")
	c.expect(c.call("secretsmanager", get, `{"SecretId":"other"}`), 400, "ResourceNotFoundException")
	a.Stop()
	settings.Secrets[0].Value = "two"
	_, c = startAWS(t, settings)
	c.expect(c.call("secretsmanager", get, `{"SecretId":"`+arn+`","VersionStage":"AWSCURRENT"}`), 200, `"SecretString":"two"`)
}

func TestParametersComeInPages(t *testing.T) {
	settings := awsSettings(directory(t))
	for i := range 23 {
		settings.Parameters = append(settings.Parameters, backing.Parameter{Name: "/dozen/dev/P" + string(rune('A'+i)), Value: "v", Type: "SecureString"})
	}
	settings.Parameters = append(settings.Parameters, backing.Parameter{Name: "/dozen/dev/deep/X", Value: "deep"}, backing.Parameter{Name: "/dozen/development", Value: "no"})
	_, c := startAWS(t, settings)
	for _, recursive := range []bool{false, true} {
		found, token := map[string]string{}, ""
		for pages := 0; pages == 0 || token != ""; pages++ {
			in, _ := json.Marshal(map[string]any{"Path": "/dozen/dev/", "Recursive": recursive, "WithDecryption": true, "MaxResults": 10, "NextToken": token})
			var out struct {
				Parameters []struct{ Name, Value string }
				NextToken  string
			}
			must(t, json.Unmarshal([]byte(c.expect(c.call("ssm", "AmazonSSM.GetParametersByPath", string(in)), 200, "")), &out))
			for _, p := range out.Parameters {
				found[p.Name] = p.Value
			}
			token = out.NextToken
		}
		want := map[bool]int{false: 23, true: 24}[recursive]
		if len(found) != want || found["/dozen/dev/PW"] != "v" {
			t.Errorf("recursive %v: %d parameters, want %d", recursive, len(found), want)
		}
	}
	c.expect(c.call("ssm", "AmazonSSM.GetParameter", `{"Name":"/dozen/dev/PA","WithDecryption":true}`), 200, `"Value":"v"`)
	if body := c.expect(c.call("ssm", "AmazonSSM.GetParameter", `{"Name":"/dozen/dev/PA"}`), 200, "SecureString"); strings.Contains(body, `"Value":"v"`) {
		t.Error("a SecureString is readable without decryption")
	}
	c.expect(c.call("ssm", "AmazonSSM.GetParameter", `{"Name":"/none"}`), 400, "ParameterNotFound")
	c.expect(c.call("ssm", "AmazonSSM.GetParameters", `{"Names":["/none","/dozen/dev/PB"]}`), 200, `"InvalidParameters":["/none"]`)
}

func TestObjectsAreKept(t *testing.T) {
	settings := awsSettings(directory(t))
	a, c := startAWS(t, settings)
	for _, path := range []string{"/files/a", "/files/a/b%20c+d%C3%A9", "/logs/a"} {
		c.expect(c.request("s3", http.MethodPut, path, "", "body of "+path), 200, "")
	}
	c.expect(c.request("s3", http.MethodPut, "/files/gone", "", "x"), 200, "")
	c.expect(c.request("s3", http.MethodDelete, "/files/gone", "", ""), 204, "")
	c.expect(c.request("s3", http.MethodPut, "/absent/a", "", "x"), 404, "NoSuchBucket")
	c.expect(c.request("s3", http.MethodPut, "/new", "", ""), 403, "AccessDenied")
	a.Stop()
	again, c := startAWS(t, settings)
	if again.Port != a.Port {
		t.Errorf("port %d, was %d", again.Port, a.Port)
	}
	for _, path := range []string{"/files/a", "/files/a/b%20c+d%C3%A9", "/logs/a"} {
		c.expect(c.request("s3", http.MethodGet, path, "", ""), 200, "body of "+path)
	}
	c.expect(c.request("s3", http.MethodGet, "/files?list-type=2&prefix=a%2F", "", ""), 200, "a/b c+d")
	c.expect(c.request("s3", http.MethodGet, "/files/none", "", ""), 404, "NoSuchKey")
	c.expect(c.request("s3", http.MethodGet, "/files/gone", "", ""), 404, "NoSuchKey")

	plain, err := http.NewRequest(http.MethodGet, c.variables["AWS_ENDPOINT_URL"]+"/files/a?X-Amz-Expires=60", nil)
	must(t, err)
	address, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		PresignHTTP(t.Context(), c.credentials, plain, "UNSIGNED-PAYLOAD", "s3", "eu-central-1", time.Now())
	must(t, err)
	expired, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		PresignHTTP(t.Context(), c.credentials, plain, "UNSIGNED-PAYLOAD", "s3", "eu-central-1", time.Now().Add(-2*time.Minute))
	must(t, err)
	for _, try := range []struct {
		address string
		status  int
	}{{address, 200}, {expired, 403}, {strings.Replace(address, "/files/a", "/logs/a", 1), 403}} {
		request, err := http.NewRequest(http.MethodGet, try.address, nil)
		must(t, err)
		c.expect(request, try.status, "")
	}
}

// Prevents: a task whose signatures are wrong works here and fails on AWS.
func TestSignaturesAreChecked(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	body := `{"SecretId":"login"}`
	call := func() *http.Request { return c.call("secretsmanager", "secretsmanager.GetSecretValue", body) }
	c.expect(call(), 200, "one")

	unsigned := call()
	unsigned.Header.Del("Authorization")
	c.expect(unsigned, 403, "MissingAuthenticationToken")
	changed := call()
	changed.Body, changed.ContentLength = io.NopCloser(bytes.NewReader([]byte(`{"SecretId":"other"}`))), int64(len(body))
	c.expect(changed, 403, "SignatureDoesNotMatch")
	c.hashes = true
	c.expect(call(), 200, "one")
	changed = call()
	changed.Body = io.NopCloser(strings.NewReader(strings.Replace(body, "login", "other", 1)))
	c.expect(changed, 400, "XAmzContentSHA256Mismatch")
	c.hashes = false
	old := call()
	old.Header.Set("X-Amz-Date", time.Now().Add(-time.Hour).UTC().Format("20060102T150405Z"))
	c.expect(old, 403, "RequestTimeTooSkewed")

	for _, row := range []struct {
		want   string
		change func(*task)
	}{
		{"SignatureDoesNotMatch", func(c *task) { c.credentials.SecretAccessKey += "x" }},
		{"UnrecognizedClientException", func(c *task) { c.credentials.AccessKeyID = "AKIDEXAMPLE" }},
		{"UnrecognizedClientException", func(c *task) { c.credentials.SessionToken = "x" }},
		{"UnrecognizedClientException", func(c *task) { c.credentials.SessionToken = "" }},
		{"signed for region us-west-2", func(c *task) { c.variables = maps.Clone(c.variables); c.variables["AWS_REGION"] = "us-west-2" }},
	} {
		other := c
		row.change(&other)
		other.expect(other.call("secretsmanager", "secretsmanager.GetSecretValue", body), 403, row.want)
	}
	c.expect(c.call("ssm", "secretsmanager.GetSecretValue", body), 400, "does not support") // signed for another service
	c.expect(c.call("dynamodb", "DynamoDB_20120810.GetItem", "{}"), 400, "does not support GetItem of dynamodb")

	guess, err := http.NewRequest(http.MethodGet, c.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], nil)
	must(t, err)
	c.expect(guess, 401, "AccessDenied")
}

func TestCallerIdentity(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	c.expect(c.request("sts", http.MethodPost, "/", "", "Action=GetCallerIdentity&Version=2011-06-15"), 200, "<Account>111122223333</Account>")
}

// memory returns the bytes that this process has allocated so far, freed or not.
func memory() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// endless is a body of so many bytes that costs no memory itself.
func endless(bytes int64) io.ReadCloser {
	return io.NopCloser(io.LimitReader(zeros{}, bytes))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Prevents: any page that the developer's browser shows posts 300 MiB to the stand-in, and the machine swaps.
func TestBodiesCostNoMemory(t *testing.T) {
	_, c := startAWS(t, awsSettings(directory(t)))
	const size = 300 << 20
	post := func(change func(*http.Request)) *http.Request {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.variables["AWS_ENDPOINT_URL"]+"/", endless(size))
		must(t, err)
		request.ContentLength = size
		request.Header.Set("Content-Type", "text/plain")
		request.Header.Set("Origin", "https://evil.example")
		change(request)
		return request
	}
	signed := c.call("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"login"}`)
	strange := signed.Clone(t.Context())
	strange.Header.Set("Authorization", strings.Replace(signed.Header.Get("Authorization"), c.credentials.AccessKeyID, "ASIAGUESSED", 1))
	withoutToken := signed.Clone(t.Context())
	withoutToken.Header.Del("X-Amz-Security-Token")
	for name, change := range map[string]func(*http.Request){
		"unsigned":          func(*http.Request) {},
		"with a hash":       func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", strings.Repeat("0", 64)) },
		"in chunks":         func(r *http.Request) { r.ContentLength = -1 },
		"another key":       func(r *http.Request) { r.Header = strange.Header },
		"no session token":  func(r *http.Request) { r.Header = withoutToken.Header },
		"signed for others": func(r *http.Request) { r.Header = signed.Header },
	} {
		before := memory()
		response, err := http.DefaultClient.Do(post(change))
		if err == nil { // otherwise the stand-in has hung up in the middle of the body
			_ = response.Body.Close()
			if response.StatusCode < 400 {
				t.Errorf("%s: %s", name, response.Status)
			}
		}
		if kib := (memory() - before) >> 10; kib > 8<<10 {
			t.Errorf("%s: a body of 300 MiB took %d KiB, want less than 8 MiB", name, kib)
		} else {
			t.Logf("%s: %d KiB", name, kib)
		}
	}
	address, err := s3.NewPresignClient(c.client()).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: files, Key: aws.String("large")})
	must(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address.URL, endless(64<<20))
	must(t, err)
	request.ContentLength = 64 << 20
	before := memory()
	c.expect(request, 200, "")
	if kib := (memory() - before) >> 10; kib > 8<<10 {
		t.Errorf("an object of 64 MiB took %d KiB", kib)
	}
}

// Prevents: the environment does not start because another program listens on the port that it had before; or it gets
// another port with each start, although nobody uses the one before.
func TestAPortIsKeptUnlessItIsTaken(t *testing.T) {
	settings := awsSettings(directory(t))
	first, _ := startAWS(t, settings)
	kept := first.Address
	first.Stop()
	second, _ := startAWS(t, settings)
	if second.Stop(); second.Address != kept {
		t.Errorf("the port was free: %s, before %s", second.Address, kept)
	}
	other, err := net.Listen("tcp", kept)
	must(t, err)
	defer func() { _ = other.Close() }()
	third, c := startAWS(t, settings)
	if third.Address == kept || c.variables["AWS_ENDPOINT_URL"] != "http://"+third.Address {
		t.Errorf("the port was taken: %s, tasks use %s", third.Address, c.variables["AWS_ENDPOINT_URL"])
	}
	c.expect(c.call("secretsmanager", "secretsmanager.GetSecretValue", `{"SecretId":"login"}`), 200, "one")
	address := third.Address
	third.Stop()
	if fourth, _ := startAWS(t, settings); fourth.Address != address {
		t.Errorf("the new port is not kept: %s, before %s", fourth.Address, address)
	}
}
