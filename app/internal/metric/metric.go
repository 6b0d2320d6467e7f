// Package metric writes CloudWatch embedded-metric lines to stdout. The log driver delivers them: no agent, port or
// library is needed.
package metric

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Value is one metric of a line.
type Value struct {
	Name   string
	Unit   string // "Count", "Seconds", "Milliseconds"
	Number float64
}

// Writer writes metrics of one process. It adds up counters between two lines.
type Writer struct {
	out                io.Writer
	namespace, process string

	mu     sync.Mutex
	counts map[string]float64
}

// New returns a writer. If namespace is "", it writes nothing.
func New(out io.Writer, namespace, process string) *Writer {
	return &Writer{out: out, namespace: namespace, process: process, counts: map[string]float64{}}
}

// Count adds to a counter of this process. Start writes the counters once a minute.
func (w *Writer) Count(name string, number float64) {
	w.mu.Lock()
	w.counts[name] += number
	w.mu.Unlock()
}

// Start writes the counters every minute. stop writes them for the last time.
func (w *Writer) Start() (stop func()) {
	ending, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(time.Minute)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				w.flush()
			case <-ending:
				w.flush()
				return
			}
		}
	}()
	return func() { close(ending); <-ended }
}

func (w *Writer) flush() {
	w.mu.Lock()
	counts := w.counts
	w.counts = map[string]float64{}
	w.mu.Unlock()
	var values []Value
	for name, number := range counts {
		values = append(values, Value{name, "Count", number})
	}
	if len(values) > 0 {
		w.Write(w.process, values...)
	}
}

// Write writes one line of values, with process as their only dimension.
func (w *Writer) Write(process string, values ...Value) {
	if w.namespace == "" {
		return
	}
	type definition struct{ Name, Unit string }
	var definitions []definition
	line := map[string]any{"Process": process}
	for _, value := range values {
		definitions = append(definitions, definition{value.Name, value.Unit})
		line[value.Name] = value.Number
	}
	line["_aws"] = map[string]any{
		"Timestamp": time.Now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": w.namespace, "Dimensions": [][]string{{"Process"}}, "Metrics": definitions,
		}},
	}
	if text, err := json.Marshal(line); err == nil {
		_, _ = w.out.Write(append(text, '\n'))
	}
}
