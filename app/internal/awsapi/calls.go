package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Stages of a secret: Current is valid, and during a rotation Pending is about to become valid.
const (
	Current = "AWSCURRENT"
	Pending = "AWSPENDING"
)

// Login is the JSON in the secrets of the database and the cache.
type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// LoginSecret reads a Secrets Manager secret in the given stage.
func (c *Client) LoginSecret(ctx context.Context, arn, stage string) (Login, error) {
	var answer struct{ SecretString string }
	err := c.callJSON(ctx, "secretsmanager", "secretsmanager.GetSecretValue",
		map[string]string{"SecretId": arn, "VersionStage": stage}, &answer)
	if err != nil {
		return Login{}, err
	}
	var login Login
	if err := json.Unmarshal([]byte(answer.SecretString), &login); err != nil || login.Username == "" {
		return Login{}, fmt.Errorf(`secret %s: want JSON with "username" and "password"`, arn)
	}
	return login, nil
}

// Parameters reads and decrypts every parameter under path. The keys are the last parts of the names.
func (c *Client) Parameters(ctx context.Context, path string) (map[string]string, error) {
	found, token := map[string]string{}, ""
	for {
		var answer struct {
			Parameters []struct{ Name, Value string }
			NextToken  string
		}
		in := map[string]any{"Path": path, "WithDecryption": true, "Recursive": false, "MaxResults": 10}
		if token != "" {
			in["NextToken"] = token
		}
		if err := c.callJSON(ctx, "ssm", "AmazonSSM.GetParametersByPath", in, &answer); err != nil {
			return nil, err
		}
		for _, parameter := range answer.Parameters {
			found[parameter.Name[strings.LastIndex(parameter.Name, "/")+1:]] = parameter.Value
		}
		if token = answer.NextToken; token == "" {
			return found, nil
		}
	}
}

// PutObject writes an object, unless there is one with this key already.
func (c *Client) PutObject(ctx context.Context, bucket, key string, body []byte) error {
	header := http.Header{"If-None-Match": {"*"}}
	_, err := c.send(ctx, "s3", http.MethodPut, c.objectURL(bucket, key), header, body)
	var answer *Error
	if errors.As(err, &answer) && answer.Status == http.StatusPreconditionFailed {
		return nil
	}
	return err
}

// GetObject reads a whole object.
func (c *Client) GetObject(ctx context.Context, bucket, key string) ([]byte, error) {
	return c.send(ctx, "s3", http.MethodGet, c.objectURL(bucket, key), http.Header{}, nil)
}

// objectURL returns an object's URL: with the bucket in the host name, as S3 wants it, or in the path for
// AWS_ENDPOINT_URL, because a loopback address has no names for buckets.
func (c *Client) objectURL(bucket, key string) string {
	path := (&url.URL{Path: "/" + key}).EscapedPath()
	if c.cfg.EndpointURL != "" {
		return c.cfg.EndpointURL + "/" + bucket + path
	}
	return "https://" + bucket + ".s3." + c.cfg.Region + ".amazonaws.com" + path
}
