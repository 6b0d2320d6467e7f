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

// processes runs every line of the Procfile but the release, which is done,
// until ctx ends or one of them does; then all of them stop in order.
func (d *dev) processes(ctx context.Context, binary, procfile, port string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for line := range strings.Lines(procfile) {
		name, command, found := strings.Cut(strings.TrimSpace(line), ":")
		if words := strings.Fields(command); found && name != "release" && len(words) > 0 && words[0] == "dozen-app" {
			all.Go(func() { stop(d.process(ctx, name, binary, words[1:])) })
		}
	}
	go d.welcome(ctx, port)
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (d *dev) process(ctx context.Context, name, binary string, args []string) error {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = d.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C comes through us, once
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
		d.out.line(name, lines.Text())
	}
	err = cmd.Wait()
	if ctx.Err() == nil {
		return fmt.Errorf("%s has ended: %w", name, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return nil
}

// welcome says how to go on, as soon as web is ready.
func (d *dev) welcome(ctx context.Context, port string) {
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
	for line := range strings.Lines(fmt.Sprintf(`
The operators' page: %[1]s   (%[2]s, password %[3]s)
Post an event:
  body='{"hello":"world"}'; curl -i %[1]s/in/demo -H 'Content-Type: application/json' -d "$body" \
    -H "X-Signature: $(printf %%s "$body" | openssl dgst -sha256 -hmac %[4]s -r | cut -d' ' -f1)"
Ctrl-C stops everything; what is stored stays in app/.dev.
`, url, email, password, secret)) {
		d.out.line("dev", strings.TrimRight(line, "\n"))
	}
}

// echo is the demo destination: it prints that an event has arrived.
func (d *dev) echo() (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		size, _ := io.Copy(io.Discard, r.Body)
		d.out.line("echo", fmt.Sprintf("got event %s, %d bytes, attempt %s", r.Header.Get("Dozen-Event"), size, r.Header.Get("Dozen-Attempt")))
	})}
	go func() { _ = server.Serve(listener) }()
	return listener, nil
}

// printer writes whole lines, each with its process's name in its own colour.
type printer struct {
	mu      sync.Mutex
	out     io.Writer
	colours map[string]int
}

func newPrinter(out io.Writer) *printer { return &printer{out: out, colours: map[string]int{}} }

func (p *printer) line(name, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	colour, found := p.colours[name]
	if !found {
		colour = 31 + len(p.colours)%6
		p.colours[name] = colour
	}
	_, _ = fmt.Fprintf(p.out, "\x1b[%dm%-10s|\x1b[0m %s\n", colour, name, text)
}
