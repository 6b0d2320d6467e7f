package local

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"time"
)

// Status is what `dozen ps` shows.
type Status struct {
	Environment, URL string
	Release, Runtime string
	Tasks            []TaskStatus
}

// TaskStatus is the status of one task.
type TaskStatus struct {
	Name           string
	Release        string
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
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(e.status())
	})
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
