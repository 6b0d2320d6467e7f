package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// runProcesses runs every process of the Procfile but the migration, which has run, until ctx or a process ends. Then
// it stops all of them gracefully.
func (d *dev) runProcesses(ctx context.Context, binary, procfile, port string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for line := range strings.Lines(procfile) {
		name, command, found := strings.Cut(strings.TrimSpace(line), ":")
		if words := strings.Fields(command); found && name != "release" && len(words) > 0 && words[0] == "dozen-app" {
			all.Go(func() { stop(d.runProcess(ctx, name, binary, words[1:])) })
		}
	}
	go d.printInstructions(ctx, port)
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (d *dev) runProcess(ctx context.Context, name, binary string, args []string) error {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = d.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that Ctrl-C reaches the process only through us, once
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 15 * time.Second
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(output); lines.Scan(); {
		d.out.printLine(name, lines.Text())
	}
	err = cmd.Wait()
	if ctx.Err() == nil {
		return fmt.Errorf("%s has exited: %w", name, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return nil
}

// printInstructions prints how to continue when web is ready.
func (d *dev) printInstructions(ctx context.Context, port string) {
	url := "http://localhost:" + port
	for ctx.Err() == nil {
		response, err := http.Get(url + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				break
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	d.out.print(fmt.Sprintf(`
The operators' page: %[1]s   (%[2]s, password %[3]s)
Post an event:
  body='{"hello":"world"}'; curl -i %[1]s/in/demo -H 'Content-Type: application/json' -d "$body" \
    -H "X-Signature: $(printf %%s "$body" | openssl dgst -sha256 -hmac %[4]s -r | cut -d' ' -f1)"
Ctrl-C stops everything. The data is kept in %[5]s.

`, url, email, password, secret, d.dir))
}

// startEcho starts the demo destination, which prints each event that it receives.
func (d *dev) startEcho() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	handler := func(_ http.ResponseWriter, r *http.Request) {
		size, _ := io.Copy(io.Discard, r.Body)
		d.out.printLine("echo", fmt.Sprintf("got event %s, %d bytes, attempt %s",
			r.Header.Get("Dozen-Event"), size, r.Header.Get("Dozen-Attempt")))
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(handler)}
	go func() { _ = server.Serve(listener) }()
	return listener, nil
}

// printer prints whole lines, each after its process's name in the process's colour.
type printer struct {
	mu      sync.Mutex
	out     io.Writer
	colours map[string]int
}

func newPrinter(out io.Writer) *printer { return &printer{out: out, colours: map[string]int{}} }

// print writes text as it is, so that the commands in it can be copied.
func (p *printer) print(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = io.WriteString(p.out, text)
}

func (p *printer) printLine(name, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	colour, found := p.colours[name]
	if !found {
		colour = 32 + len(p.colours)%5 // not red, which looks like an error
		p.colours[name] = colour
	}
	_, _ = fmt.Fprintf(p.out, "\x1b[%dm%-10s|\x1b[0m %s\n", colour, name, text)
}
