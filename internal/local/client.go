package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

// Client talks to an environment that runs on this machine.
type Client struct {
	home Home
	http http.Client
}

// Dial returns a client of the environment with this home. It connects with the first call.
func Dial(home Home) *Client {
	var dialer net.Dialer
	return &Client{home: home, http: http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", home.socket())
		},
	}}}
}

// Status returns the status of the environment and its tasks.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var status Status
	response, err := c.call(ctx, http.MethodGet, "/status", nil)
	if err != nil {
		return Status{}, err
	}
	defer func() { _ = response.Body.Close() }()
	return status, json.NewDecoder(response.Body).Decode(&status)
}

// Command returns a one-off command of the current release, ready to start.
func (c *Client) Command(ctx context.Context, words []string) (*exec.Cmd, error) {
	body, err := json.Marshal(oneOff{words})
	if err != nil {
		return nil, err
	}
	response, err := c.call(ctx, http.MethodPost, "/run", strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer command
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, answer.Path)
	cmd.Args, cmd.Env, cmd.Dir = answer.Args, answer.Env, answer.Directory
	return cmd, nil
}

// Release deploys the environment of an assembly and copies the progress to out. The error says why it failed or was
// rolled back.
func (c *Client) Release(ctx context.Context, assembly string, out io.Writer) error {
	response, err := c.call(ctx, http.MethodPost, "/release?"+url.Values{"assembly": {assembly}}.Encode(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(out, response.Body); err != nil {
		return fmt.Errorf("the environment ended during the release: %w", err)
	}
	if message := response.Trailer.Get(failure); message != "" {
		var text string
		if json.Unmarshal([]byte(message), &text) != nil {
			text = message
		}
		return errors.New(text)
	}
	return nil
}

// Down stops the environment and returns when it has ended.
func (c *Client) Down(ctx context.Context) error {
	response, err := c.call(ctx, http.MethodPost, "/down", nil)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	for ctx.Err() == nil {
		unlock, err := c.home.lock()
		if err == nil {
			unlock()
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (c *Client) call(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://local"+path, body)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		name := c.home.Environment()
		err := fmt.Errorf("environment %q is not running here; start it with `dozen up %[1]s`", name)
		if others := c.home.runningSiblings(ctx); len(others) > 0 {
			err = fmt.Errorf("environment %q is not running here, but %s is; add its name to the command", name, strings.Join(others, ", "))
		}
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		text, _ := io.ReadAll(response.Body)
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	return response, nil
}
