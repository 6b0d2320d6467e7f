package backing

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"dozen/internal/local/s3"
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
	objects            *s3.Store
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
	if a.objects, err = s3.Open(filepath.Join(s.Dir, "objects"), s.Buckets); err != nil {
		unlock()
		return nil, fmt.Errorf("AWS stand-in: %w", err)
	}
	listener, port, err := listen(s.Dir)
	if err != nil {
		unlock()
		return nil, err
	}
	a.Address, a.Port = listener.Addr().String(), port
	stopServing := a.serve(ctx, listener)
	a.stop = func() {
		stopServing()
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

// Variables returns the variables with which a task reaches the stand-in, in place of those that Fargate sets.
func (a *AWS) Variables() map[string]string {
	return map[string]string{
		"AWS_REGION":                         a.region,
		"AWS_DEFAULT_REGION":                 a.region,
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
	service, failed := a.authenticate(w, r)
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	if service == "s3" {
		a.objects.ServeHTTP(w, r)
		return
	}
	answer, failed := a.call(service, w, r)
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

// call answers a call of any service but S3.
func (a *AWS) call(service string, w http.ResponseWriter, r *http.Request) (any, *apiError) {
	body, failed := readCall(w, r)
	if failed != nil {
		return nil, failed
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
	message := fmt.Sprintf("the stand-in does not support %s of %s", action, service)
	return nil, badRequest("UnknownOperationException", message)
}

// decode parses the body of a call and passes it on.
func decode[In any](body []byte, answer func(In) (any, *apiError)) (any, *apiError) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, badRequest("SerializationException", err.Error())
	}
	return answer(in)
}
