package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// settled is how long a process without requests must run to count as started.
const settled = 2 * time.Second

// tryTask starts a process without requests, lets it run while the backlog is awaited, and stops it.
func (c *check) tryTask(ctx context.Context, d serviceDefinition) {
	rule := d.process + " runs"
	task, err := c.start(d.definition, d.process+"-1", 0, nil)
	if err != nil {
		c.result(Failed, rule, err.Error(), c.line(d.process))
		return
	}
	defer func() { task.Kill(); <-task.Done() }()
	select {
	case <-task.Done():
		c.result(Failed, rule, "it "+task.ended(), c.line(d.process)+": a process runs until it gets SIGTERM", task.last()...)
		return
	case <-time.After(settled):
		c.result(Passed, rule, "", "")
	case <-ctx.Done():
		return
	}
	select {
	case <-task.Done():
		c.result(Failed, rule, "it "+task.ended(), c.line(d.process)+": a process runs until it gets SIGTERM", task.last()...)
	case <-c.backlog.stopped:
		began := time.Now()
		task.Stop()
		c.tryEnd(ctx, d.definition, task, began)
	case <-ctx.Done():
	}
}

// tryBacklog waits for the backlog of each worker that scales on it.
func (c *check) tryBacklog(ctx context.Context) {
	deadline := time.Now().Add(c.patience)
	names, byApp := c.backing.templates.scaledOnBacklog(c.release)
	for _, process := range names {
		rule := "the backlog of " + process + " is written"
		if !byApp[process] {
			c.result(NotTried, rule, "the proxy next to each process counts it", "")
			continue
		}
		if c.patience == 0 {
			c.result(NotTried, rule, "it may take a minute", "")
			continue
		}
		for c.backlog.of(process) == "" && time.Now().Before(deadline) && ctx.Err() == nil {
			time.Sleep(soon)
		}
		if line := c.backlog.of(process); line != "" {
			c.result(Passed, rule, line, "")
			continue
		}
		seen := fmt.Sprintf("no process wrote it within %s", c.patience)
		if wrong := c.backlog.wrong(); wrong != "" {
			seen += "; a line that is not it: " + wrong
		}
		c.result(Failed, rule, seen, c.line(process)+
			`: without it the worker does not scale; docs/variables.md, "The backlog line", has the line's form`)
	}
}

// scaledOnBacklog returns the processes whose scaling reads the metric Backlog, and which of them the app itself has to measure: the
// sidecar counts the others.
func (t *templates) scaledOnBacklog(r *release) (names []string, byApp map[string]bool) {
	byApp = map[string]bool{}
	_, sidecar, _ := t.proxied()
	counted := ""
	if sidecar != nil {
		counted = variables(*sidecar)["BACKLOG_SOURCES"]
	}
	for _, policy := range t.env.Resources("AWS::ApplicationAutoScaling::ScalingPolicy") {
		text, _ := json.Marshal(policy.Properties)
		for _, d := range r.services {
			name := strconv.Quote(d.process)
			if strings.Contains(string(text), `"MetricName":"Backlog"`) && strings.Contains(string(text), `"Value":`+name) {
				names = append(names, d.process)
				byApp[d.process] = !strings.Contains(counted, name)
			}
		}
	}
	slices.Sort(names)
	return names, byApp
}

// backlog reads the output of every task for embedded-metric lines.
type backlog struct {
	namespace string
	stopped   chan struct{} // closed when nobody waits for a backlog any more

	mu      sync.Mutex
	written map[string]string // by process
	other   string            // the last metric line that is no backlog
}

func newBacklog(namespace string) *backlog {
	return &backlog{namespace: namespace, stopped: make(chan struct{}), written: map[string]string{}}
}

func (b *backlog) stop() { close(b.stopped) }

func (b *backlog) of(process string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.written[process]
}

func (b *backlog) wrong() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.other
}

// Write reads the lines of any task. A task writes whole lines; what does not look like a metric is forgotten.
func (b *backlog) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range bytes.Lines(data) {
		if bytes.Contains(line, []byte(`"_aws"`)) {
			b.read(bytes.TrimSpace(line))
		}
	}
	return len(data), nil
}

// read reads a line in CloudWatch's embedded metric format.
func (b *backlog) read(line []byte) {
	var m struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name string }
			}
		} `json:"_aws"`
		Process             string
		Backlog, BacklogAge *float64
	}
	err := json.Unmarshal(line, &m)
	good := err == nil && m.Backlog != nil && m.BacklogAge != nil && slices.ContainsFunc(m.AWS.CloudWatchMetrics, func(d struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []struct{ Name string }
	}) bool {
		return d.Namespace == b.namespace && len(d.Dimensions) == 1 && slices.Equal(d.Dimensions[0], []string{"Process"}) &&
			len(d.Metrics) >= 2
	})
	if good {
		b.written[m.Process] = fmt.Sprintf("Backlog %g, BacklogAge %g", *m.Backlog, *m.BacklogAge)
	} else if text := string(line); strings.Contains(text, "Backlog") {
		b.other = text[:min(len(text), 300)]
	}
}
