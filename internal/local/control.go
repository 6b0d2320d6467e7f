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
	"os"
	"os/exec"
	"strings"
	"time"
)

// Status is what `dozen ps` shows. Its JSON names are older than its fields, because an environment that runs may be older than
// the command that asks.
type Status struct {
	Environment, URL string
	Release          string `json:"Revision"`
	Runtime          string `json:"Platform"`
	Tasks            []TaskStatus
}

// TaskStatus is the status of one task.
type TaskStatus struct {
	Name           string
	Release        string `json:"Revision"`
	State, Address string
	Exit           string // why it ended; empty while it runs
	PID            int    // 0 if it has ended
	Started        time.Time
}

// oneOff is the request to prepare a one-off command.
type oneOff struct{ Command []string }

// command is a command that is ready to start.
type command struct {
	Path      string
	Args, Env []string
	Directory string
}

// failure is the trailer with the error of a release, after its output.
const failure = "Dozen-Failure"

// serve answers the user's other commands on the home's socket until stop is called.
func (e *environment) serve(ctx context.Context, down func()) (stop func(), err error) {
	path := e.settings.Home.socket()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(e.status()) })
	mux.HandleFunc("POST /run", e.serveRun)
	mux.HandleFunc("POST /release", func(w http.ResponseWriter, r *http.Request) { e.serveRelease(ctx, w, r) })
	mux.HandleFunc("POST /down", func(http.ResponseWriter, *http.Request) { down() })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }, nil
}

func (e *environment) serveRun(w http.ResponseWriter, r *http.Request) {
	var request oneOff
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	cmd, err := e.oneOff(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	_ = json.NewEncoder(w).Encode(command{cmd.Path, cmd.Args, cmd.Env, cmd.Dir})
}

func (e *environment) serveRelease(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	directory := r.URL.Query().Get("assembly")
	w.Header().Set("Trailer", failure)
	err := e.Release(ctx, directory, flushed{w})
	if err != nil {
		message, _ := json.Marshal(err.Error()) // a header has one line
		w.Header().Set(failure, string(message))
	}
}

// flushed sends each write to the client at once.
type flushed struct{ http.ResponseWriter }

func (f flushed) Write(data []byte) (int, error) {
	n, err := f.ResponseWriter.Write(data)
	if flusher, ok := f.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	return n, err
}

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

// Release deploys the environment of an assembly and copies the progress to out. The error says why it failed or was rolled back.
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
		return nil, fmt.Errorf("environment %q is not running here; start it with `dozen up %[1]s`", c.home.Environment())
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		text, _ := io.ReadAll(response.Body)
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	return response, nil
}
