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

// AWS is a stand-in for Secrets Manager, Parameter Store and S3 on a loopback
// address. It checks that requests are signed for the right service, and that
// the signed hash is the body's, but not the signature's key.
type AWS struct {
	*httptest.Server
	mu         sync.Mutex
	logins     map[string]awsapi.Login // by stage
	parameters map[string]string
	objects    map[string][]byte
	fetches    int // of secrets
	failures   int // requests that are still to be answered with 500
}

// NewAWS starts a stand-in for one test.
func NewAWS(t testing.TB) *AWS {
	a := &AWS{logins: map[string]awsapi.Login{}, parameters: map[string]string{}, objects: map[string][]byte{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// Environment is what a process needs to talk to the stand-in.
func (a *AWS) Environment() map[string]string {
	return map[string]string{"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": a.URL,
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "an-example"}
}

// SetLogin sets what every secret holds in a stage; an empty login removes it.
func (a *AWS) SetLogin(stage string, login awsapi.Login) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logins[stage] = login
}

// SetParameters sets everything that Parameter Store holds, by full name.
func (a *AWS) SetParameters(parameters map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.parameters = parameters
}

// Fail answers the next requests with an internal error.
func (a *AWS) Fail(requests int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures = requests
}

// Fetches is how often a secret was read.
func (a *AWS) Fetches() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fetches
}

// Objects returns what is stored, by "bucket/key".
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

// parameter answers one parameter a page, so that paging is tried too.
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
