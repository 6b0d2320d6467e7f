package testsuite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"dozen/app/internal/awsapi"
)

// AWS is a fake of Secrets Manager, Parameter Store and S3 on a loopback address. It checks that a request is signed
// for the right service, with the hash of its body, but it does not verify the signature.
type AWS struct {
	*httptest.Server
	mu         sync.Mutex
	logins     map[string]awsapi.Login // by stage
	parameters map[string]string
	objects    map[string][]byte
	fetches    int // of secrets
	failures   int // number of next requests to answer with 500
}

// NewAWS starts a fake for one test.
func NewAWS(t testing.TB) *AWS {
	a := &AWS{logins: map[string]awsapi.Login{}, parameters: map[string]string{}, objects: map[string][]byte{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// Variables returns the variables that make a process use the fake.
func (a *AWS) Variables() map[string]string {
	return map[string]string{
		"AWS_REGION":            "eu-central-1",
		"AWS_ENDPOINT_URL":      a.URL,
		"AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "an-example",
	}
}

// SetLogin sets the login in every secret, in the given stage. An empty login removes it.
func (a *AWS) SetLogin(stage string, login awsapi.Login) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logins[stage] = login
}

// SetParameters replaces all parameters. The keys are full names.
func (a *AWS) SetParameters(parameters map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parameters = parameters
}

// Fail makes the given number of next requests fail with an internal error.
func (a *AWS) Fail(requests int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures = requests
}

// Fetches returns how often a secret was read.
func (a *AWS) Fetches() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fetches
}

// Objects returns all stored objects by "bucket/key".
func (a *AWS) Objects() map[string][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	copied := map[string][]byte{}
	for key, object := range a.objects {
		copied[key] = object
	}
	return copied
}

func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failures > 0 {
		a.failures--
		http.Error(w, "InternalFailure", http.StatusInternalServerError)
		return
	}
	service, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "Amazon")), ".")
	if service == "" {
		service = "s3"
	}
	sum := sha256.Sum256(body)
	if !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/"+service+"/aws4_request") ||
		r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
		http.Error(w, "IncompleteSignature", http.StatusForbidden)
		return
	}
	switch service {
	case "secretsmanager":
		a.secret(w, body)
	case "ssm":
		a.parameter(w, body)
	default:
		a.object(w, r, body)
	}
}

func (a *AWS) secret(w http.ResponseWriter, body []byte) {
	var in struct{ VersionStage string }
	_ = json.Unmarshal(body, &in)
	a.fetches++
	login, found := a.logins[in.VersionStage]
	if !found || login.Username == "" {
		http.Error(w, `{"__type":"ResourceNotFoundException"}`, http.StatusBadRequest)
		return
	}
	text, _ := json.Marshal(login)
	_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": string(text)})
}

// parameter returns one parameter per page, so that tests cover paging.
func (a *AWS) parameter(w http.ResponseWriter, body []byte) {
	var in struct {
		Path, NextToken string
		WithDecryption  bool
	}
	_ = json.Unmarshal(body, &in)
	type parameter struct{ Name, Value string }
	answer := struct {
		Parameters []parameter
		NextToken  string
	}{}
	for name, value := range a.parameters {
		if !in.WithDecryption || !strings.HasPrefix(name, in.Path) || name <= in.NextToken {
			continue
		}
		if len(answer.Parameters) == 0 || name < answer.Parameters[0].Name {
			answer.Parameters = []parameter{{name, value}}
			answer.NextToken = name
		}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (a *AWS) object(w http.ResponseWriter, r *http.Request, body []byte) {
	key := strings.TrimPrefix(r.URL.Path, "/")
	if r.Method == http.MethodPut {
		if _, found := a.objects[key]; found && r.Header.Get("If-None-Match") == "*" {
			http.Error(w, "PreconditionFailed", http.StatusPreconditionFailed)
			return
		}
		a.objects[key] = body
		return
	}
	object, found := a.objects[key]
	if !found {
		http.Error(w, "NoSuchKey", http.StatusNotFound)
		return
	}
	_, _ = w.Write(object)
}
