package backing

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3bolt"
	bolt "go.etcd.io/bbolt"
)

// AWSSettings are what an environment stores in AWS's own services.
type AWSSettings struct {
	Dir        string // absolute; keeps the objects between starts
	Region     string
	Account    string // 12 digits
	Secrets    []Secret
	Parameters []Parameter
	Buckets    []string
}

// Secret is a secret of Secrets Manager.
type Secret struct{ ARN, Name, Value string }

// Parameter is a parameter of Parameter Store.
type Parameter struct {
	Name  string // with its path: /dozen/dev/NAME
	Value string
	Type  string // String, StringList or SecureString; default String
}

// AWS is the stand-in: it answers for the AWS services that a task calls, on one loopback address.
type AWS struct {
	Server
	region, account    string
	key, secret, token string // the credentials that tasks get
	bearer             string // what a task must show to get them
	objects            http.Handler
	secrets            []Secret
	parameters         map[string]Parameter
}

// StartAWS starts the stand-in.
func StartAWS(ctx context.Context, s AWSSettings) (*AWS, error) {
	if s.Region == "" || s.Account == "" {
		return nil, errors.New("AWS stand-in: Region and Account are required")
	}
	unlock, err := lock(s.Dir)
	if err != nil {
		return nil, err
	}
	a := &AWS{
		region:     s.Region,
		account:    s.Account,
		key:        "ASIA" + rand.Text()[:16],
		secret:     rand.Text() + rand.Text(),
		token:      rand.Text(),
		bearer:     rand.Text(),
		secrets:    s.Secrets,
		parameters: map[string]Parameter{},
	}
	for _, parameter := range s.Parameters {
		a.parameters[parameter.Name] = parameter
	}
	closeObjects, err := a.openObjects(filepath.Join(s.Dir, "objects.bolt"), s.Buckets)
	if err != nil {
		unlock()
		return nil, fmt.Errorf("AWS stand-in: objects: %w", err)
	}
	listener, port, err := listen(s.Dir)
	if err != nil {
		closeObjects()
		unlock()
		return nil, err
	}
	a.Address, a.Port = listener.Addr().String(), port
	stopServing := a.serve(ctx, listener)
	a.stop = func() {
		stopServing()
		closeObjects()
		unlock()
	}
	return a, nil
}

// serve answers calls on the listener until stop is called.
func (a *AWS) serve(ctx context.Context, listener net.Listener) (stop func()) {
	server := &http.Server{Handler: a, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() { _ = server.Serve(listener); close(ended) }()
	return func() {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		if server.Shutdown(last) != nil {
			_ = server.Close()
		}
		<-ended
	}
}

// openObjects opens the stored objects and makes the missing buckets.
func (a *AWS) openObjects(path string, buckets []string) (closeIt func(), err error) {
	file, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	backend := s3bolt.New(file)
	for _, bucket := range buckets {
		exists, err := backend.BucketExists(bucket)
		if err == nil && !exists {
			err = backend.CreateBucket(bucket)
		}
		if err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("bucket %s: %w", bucket, err)
		}
	}
	a.objects = gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	return func() { _ = file.Close() }, nil
}

// Variables returns the variables with which a task reaches the stand-in, in place of those that Fargate sets.
func (a *AWS) Variables() map[string]string {
	return map[string]string{
		"AWS_REGION":                         a.region,
		"AWS_ENDPOINT_URL":                   "http://" + a.Address,
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://" + a.Address + "/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN":  a.bearer,
	}
}

// ServeHTTP answers a call of any service.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/credentials" && r.Method == http.MethodGet && r.Header.Get("X-Amz-Date") == "" {
		a.credentials(w, r)
		return
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if hash == "" || len(hash) == 64 { // the hash of the body, which must be right
		body, err := io.ReadAll(r.Body)
		sum := sha256.Sum256(body)
		if actual := hex.EncodeToString(sum[:]); err != nil || hash != "" && hash != actual {
			writeError(w, r, &apiError{http.StatusBadRequest, "XAmzContentSHA256Mismatch", "the body is not the one that was signed"})
			return
		} else if !presigned(r) {
			hash = actual
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	service, failed := a.verify(r, hash)
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	if service == "s3" {
		a.serveObject(w, r)
		return
	}
	answer, failed := a.call(service, r)
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	if text, isXML := answer.(xmlText); isXML {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, string(text))
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone away needs no answer
}

// serveObject answers calls of S3, and refuses those that the library would answer wrongly.
func (a *AWS) serveObject(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	encoding := r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case key == "" && bucket != "" && (r.Method == http.MethodPut || r.Method == http.MethodDelete):
		writeError(w, r, &apiError{http.StatusForbidden, "AccessDenied", "a task may not create or delete buckets: the template does"})
	case strings.HasPrefix(encoding, "STREAMING-") && encoding != "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
		writeError(w, r, &apiError{
			http.StatusNotImplemented, "NotImplemented",
			"the stand-in does not support uploads with " + encoding + "; set AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
		})
	default:
		a.objects.ServeHTTP(w, r)
	}
}

// call answers a call of any service but S3.
func (a *AWS) call(service string, r *http.Request) (any, *apiError) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "SerializationException", err.Error()}
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch service + ":" + action {
	case "secretsmanager:GetSecretValue":
		return decode(body, a.getSecretValue)
	case "ssm:GetParameter":
		return decode(body, a.getParameter)
	case "ssm:GetParameters":
		return decode(body, a.getParameters)
	case "ssm:GetParametersByPath":
		return decode(body, a.getParametersByPath)
	}
	if service == "sts" && bytes.Contains(body, []byte("Action=GetCallerIdentity")) {
		return a.callerIdentity(), nil
	}
	if action == "" {
		action = r.Method + " " + r.URL.Path
	}
	return nil, &apiError{
		http.StatusBadRequest, "UnknownOperationException", fmt.Sprintf("the stand-in does not support %s of %s", action, service),
	}
}

// decode parses the body of a call and passes it on.
func decode[In any](body []byte, answer func(In) (any, *apiError)) (any, *apiError) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &apiError{http.StatusBadRequest, "SerializationException", err.Error()}
	}
	return answer(in)
}

// apiError is an error as AWS answers it.
type apiError struct {
	status        int
	code, message string
}

// writeError answers with an error in the protocol of the call.
func writeError(w http.ResponseWriter, r *http.Request, e *apiError) {
	if r.Header.Get("X-Amz-Target") != "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(e.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": e.code, "message": e.message})
		return
	}
	var message bytes.Buffer
	_ = xml.EscapeText(&message, []byte(e.message)) // cannot fail: it writes to memory
	inner := fmt.Sprintf("<Code>%s</Code><Message>%s</Message>", e.code, message.String())
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(e.status)
	if strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded") {
		inner = "<ErrorResponse><Error><Type>Sender</Type>" + inner + "</Error></ErrorResponse>"
	} else {
		inner = "<Error>" + inner + "</Error>"
	}
	_, _ = io.WriteString(w, xml.Header+inner)
}
