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
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3bolt"
	bolt "go.etcd.io/bbolt"
)

// AWSSettings are what an environment keeps in AWS's own services.
type AWSSettings struct {
	Dir        string // absolute; objects are kept here between starts
	Region     string
	Account    string // 12 digits
	Secrets    []Secret
	Parameters []Parameter
	Buckets    []string
}

// Secret is one of Secrets Manager's.
type Secret struct {
	ARN, Name string
	Stages    map[string]string // values by stage; AWSCURRENT is the one that is valid
}

// Parameter is one of Parameter Store's.
type Parameter struct {
	Name  string // with its path: /dozen/dev/NAME
	Value string
	Type  string // String, StringList or SecureString; default String
}

// AWS plays the services that a task calls, on one loopback address.
type AWS struct {
	Server
	region, account          string
	key, secret, token, word string // the credentials handed out, and what opens them
	objects                  http.Handler

	mu         sync.RWMutex
	secrets    []Secret
	parameters map[string]Parameter
}

// StartAWS starts the stand-in.
func StartAWS(ctx context.Context, s AWSSettings) (*AWS, error) {
	if s.Region == "" || s.Account == "" {
		return nil, errors.New("AWS stand-in: Region and Account are required")
	}
	release, err := claim(s.Dir)
	if err != nil {
		return nil, err
	}
	a := &AWS{region: s.Region, account: s.Account, key: "ASIA" + rand.Text()[:16], secret: rand.Text() + rand.Text(),
		token: rand.Text(), word: rand.Text(), secrets: s.Secrets, parameters: map[string]Parameter{}}
	for _, parameter := range s.Parameters {
		a.parameters[parameter.Name] = parameter
	}
	closeObjects, err := a.openObjects(filepath.Join(s.Dir, "objects.bolt"), s.Buckets)
	if err != nil {
		release()
		return nil, fmt.Errorf("AWS stand-in: objects: %w", err)
	}
	listener, port, err := listen(s.Dir)
	if err != nil {
		closeObjects()
		release()
		return nil, err
	}
	a.Address, a.Port = listener.Addr().String(), port
	server := &http.Server{Handler: a, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() { _ = server.Serve(listener); close(ended) }()
	a.stop = func() {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer done()
		if server.Shutdown(last) != nil {
			_ = server.Close()
		}
		<-ended
		closeObjects()
		release()
	}
	return a, nil
}

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

// Environment is what a task gets to reach the stand-in, in place of what Fargate sets.
func (a *AWS) Environment() map[string]string {
	return map[string]string{
		"AWS_REGION": a.region, "AWS_ENDPOINT_URL": "http://" + a.Address,
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://" + a.Address + "/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN": a.word,
	}
}

// ServeHTTP answers a call of any service.
func (a *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/credentials" && r.Method == http.MethodGet && r.Header.Get("X-Amz-Date") == "" {
		a.credentials(w, r)
		return
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	if hash == "" || len(hash) == 64 { // a hash of the body, which must be true
		body, err := io.ReadAll(r.Body)
		sum := sha256.Sum256(body)
		if actual := hex.EncodeToString(sum[:]); err != nil || hash != "" && hash != actual {
			refuse(w, r, &fault{http.StatusBadRequest, "XAmzContentSHA256Mismatch", "the body is not the one that was signed"})
			return
		} else if !presigned(r) {
			hash = actual
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	service, problem := a.verify(r, hash)
	if problem != nil {
		refuse(w, r, problem)
		return
	}
	if service == "s3" {
		a.object(w, r)
		return
	}
	answer, problem := a.call(service, r)
	if problem != nil {
		refuse(w, r, problem)
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

// object lets the S3 stand-in answer, but for what it would answer wrongly.
func (a *AWS) object(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	encoding := r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case key == "" && bucket != "" && (r.Method == http.MethodPut || r.Method == http.MethodDelete):
		refuse(w, r, &fault{http.StatusForbidden, "AccessDenied", "a task may not change buckets: they are the template's"})
	case strings.HasPrefix(encoding, "STREAMING-") && encoding != "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
		refuse(w, r, &fault{http.StatusNotImplemented, "NotImplemented", "this stand-in does not have uploads of the kind " + encoding + ": set AWS_REQUEST_CHECKSUM_CALCULATION=when_required"})
	default:
		a.objects.ServeHTTP(w, r)
	}
}

// call answers a service with actions.
func (a *AWS) call(service string, r *http.Request) (any, *fault) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, &fault{http.StatusBadRequest, "SerializationException", err.Error()}
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch service + ":" + action {
	case "secretsmanager:GetSecretValue":
		return decode(body, a.getSecretValue)
	case "secretsmanager:DescribeSecret":
		return decode(body, a.describeSecret)
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
	return nil, &fault{http.StatusBadRequest, "UnknownOperationException", fmt.Sprintf("this stand-in does not have %s of %s", action, service)}
}

func decode[In any](body []byte, answer func(In) (any, *fault)) (any, *fault) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &fault{http.StatusBadRequest, "SerializationException", err.Error()}
	}
	return answer(in)
}

// fault is an error as AWS answers it.
type fault struct {
	status        int
	code, message string
}

// refuse answers in the call's own protocol.
func refuse(w http.ResponseWriter, r *http.Request, f *fault) {
	if r.Header.Get("X-Amz-Target") != "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(f.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": f.code, "message": f.message})
		return
	}
	var message bytes.Buffer
	_ = xml.EscapeText(&message, []byte(f.message)) // to memory: cannot fail
	inner := fmt.Sprintf("<Code>%s</Code><Message>%s</Message>", f.code, message.String())
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	if strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded") {
		inner = "<ErrorResponse><Error><Type>Sender</Type>" + inner + "</Error></ErrorResponse>"
	} else {
		inner = "<Error>" + inner + "</Error>"
	}
	_, _ = io.WriteString(w, xml.Header+inner)
}
