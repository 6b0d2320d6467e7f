package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"dozen/app/internal/config"
)

// containerHost serves a task's own credentials on ECS and Fargate.
const containerHost = "http://169.254.170.2"

const noCredentials = "no credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
	"or run on ECS, which provides them"

// credentials come from the process's variables, or from the address that ECS gives a container. The latter are valid
// for hours, and are fetched again five minutes before they expire.
type credentials struct {
	cfg  config.AWS
	http *http.Client

	mu     sync.Mutex
	cached aws.Credentials
}

func (c *credentials) get(ctx context.Context) (aws.Credentials, error) {
	if c.cfg.AccessKeyID != "" {
		return aws.Credentials{
			AccessKeyID:     c.cfg.AccessKeyID,
			SecretAccessKey: c.cfg.SecretAccessKey.Reveal(),
			SessionToken:    c.cfg.SessionToken.Reveal(),
		}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cached.AccessKeyID != "" && time.Until(c.cached.Expires) > 5*time.Minute {
		return c.cached, nil
	}
	fresh, err := c.fetch(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("get AWS credentials: %w", err)
	}
	c.cached = fresh
	return fresh, nil
}

func (c *credentials) fetch(ctx context.Context) (aws.Credentials, error) {
	url := c.cfg.CredentialsURL
	if c.cfg.CredentialsPath != "" {
		url = containerHost + c.cfg.CredentialsPath
	}
	if url == "" {
		return aws.Credentials{}, errors.New(noCredentials)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return aws.Credentials{}, err
	}
	if c.cfg.Authorization != "" {
		request.Header.Set("Authorization", c.cfg.Authorization.Reveal())
	}
	response, err := c.http.Do(request)
	if err != nil {
		return aws.Credentials{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return aws.Credentials{}, fmt.Errorf("%s answered %s", request.URL.Host, response.Status)
	}
	var answer struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      time.Time
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return aws.Credentials{}, err
	}
	return aws.Credentials{
		AccessKeyID:     answer.AccessKeyID,
		SecretAccessKey: answer.SecretAccessKey,
		SessionToken:    answer.Token,
		Expires:         answer.Expiration,
		CanExpire:       true,
	}, nil
}
