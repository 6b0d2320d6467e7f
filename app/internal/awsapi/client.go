// Package awsapi makes the four AWS calls that the app needs, over plain HTTP with AWS's own request signer. AWS's full
// clients would double the size of the image; see docs/adr/0100.
package awsapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"dozen/app/internal/config"
)

// attempts limits how often one call is sent. It is sent again after throttling and 5xx.
const attempts = 4

// Client signs and sends requests. It is safe for concurrent use.
type Client struct {
	cfg         config.AWS
	http        *http.Client
	signer      *v4.Signer
	credentials *credentials
}

// New returns a client. It opens its first connection with the first call.
func New(cfg config.AWS) *Client {
	client := &http.Client{Timeout: 30 * time.Second}
	return &Client{
		cfg:         cfg,
		http:        client,
		credentials: &credentials{cfg: cfg, http: client},
		// S3 wants the path as it is; the other services here have none.
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
	}
}

// endpoint returns the service's address in the region, or AWS_ENDPOINT_URL.
func (c *Client) endpoint(service string) string {
	if c.cfg.EndpointURL != "" {
		return c.cfg.EndpointURL
	}
	return "https://" + service + "." + c.cfg.Region + ".amazonaws.com"
}

// callJSON makes a call in the JSON 1.1 protocol, for Secrets Manager and Parameter Store.
func (c *Client) callJSON(ctx context.Context, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	header := http.Header{"X-Amz-Target": {target}, "Content-Type": {"application/x-amz-json-1.1"}}
	answer, err := c.send(ctx, service, http.MethodPost, c.endpoint(service)+"/", header, body)
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	return json.Unmarshal(answer, out)
}

// send signs and sends a request, and retries failures that may be temporary.
func (c *Client) send(
	ctx context.Context, service, method, url string, header http.Header, body []byte,
) ([]byte, error) {
	if c.cfg.Region == "" {
		return nil, errors.New("AWS_REGION is not set")
	}
	var last error
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-time.After(100 * time.Millisecond << attempt):
			case <-ctx.Done():
				return nil, errors.Join(last, ctx.Err())
			}
		}
		answer, retry, err := c.sendOnce(ctx, service, method, url, header, body)
		if err == nil || !retry {
			return answer, err
		}
		last = err
	}
	return nil, last
}

func (c *Client) sendOnce(
	ctx context.Context, service, method, url string, header http.Header, body []byte,
) (answer []byte, retry bool, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, false, err
	}
	request.Header = header.Clone()
	credentials, err := c.credentials.get(ctx)
	if err != nil {
		return nil, true, err
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	request.Header.Set("X-Amz-Content-Sha256", hash)
	if err := c.signer.SignHTTP(ctx, credentials, request, hash, service, c.cfg.Region, time.Now()); err != nil {
		return nil, false, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, true, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		return nil, true, err
	}
	if response.StatusCode/100 != 2 {
		// S3 answers 409 if two requests write an object at once.
		retry = response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusConflict ||
			response.StatusCode >= 500 ||
			bytes.Contains(answer, []byte("Throttl"))
		return nil, retry, &Error{Status: response.StatusCode, Message: string(answer[:min(len(answer), 300)])}
	}
	return answer, false, nil
}

// Error is an answer from AWS with a status other than 2xx.
type Error struct {
	Status  int
	Message string // the first 300 bytes of AWS's explanation
}

func (e *Error) Error() string { return fmt.Sprintf("AWS answered %d: %s", e.Status, e.Message) }
