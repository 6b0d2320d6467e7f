package backlog

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// Settings are what to count, and where.
type Settings struct {
	Sources   []Source
	Database  string        // postgres:// URL without TLS, as the app gets it
	Cache     string        // host:port of Redis, as the app gets it
	Namespace string        // of the metrics
	Every     time.Duration // how often; 0: a minute
}

// LoadSettings reads the variables of the proxy's container.
func LoadSettings(getenv func(string) string) (Settings, error) {
	sources, err := Parse(getenv("BACKLOG_SOURCES"))
	if err != nil {
		return Settings{}, fmt.Errorf("BACKLOG_SOURCES: %w", err)
	}
	return Settings{
		Sources:   sources,
		Database:  fmt.Sprintf("postgres://app@%s/%s?sslmode=disable", getenv("DATABASE_LISTEN"), getenv("POSTGRES_NAME")),
		Cache:     getenv("CACHE_LISTEN"),
		Namespace: getenv("METRICS_NAMESPACE"),
	}, nil
}

// store is a backing service with jobs.
type store interface {
	lead(ctx context.Context) (bool, error)
	count(ctx context.Context, s Source) (count, error)
	close()
}

// Run counts until ctx ends, and writes a metric line for each source to out.
func Run(ctx context.Context, s Settings, out io.Writer, log *slog.Logger) {
	if s.Every == 0 {
		s.Every = time.Minute
	}
	var rows, lists []Source
	for _, source := range s.Sources {
		if source.inDatabase() {
			rows = append(rows, source)
		} else {
			lists = append(lists, source)
		}
	}
	lines := &writer{out: out, namespace: s.Namespace}
	var both sync.WaitGroup
	both.Go(func() {
		poll(ctx, s.Every, &database{url: s.Database, namespace: s.Namespace}, rows, lines, &problems{log: log})
	})
	both.Go(func() {
		poll(ctx, s.Every, &cache{address: s.Cache, namespace: s.Namespace, every: s.Every}, lists, lines, &problems{log: log})
	})
	both.Wait()
}

// poll asks a store at each full minute, so that all doors ask at the same time and one is first.
func poll(ctx context.Context, every time.Duration, from store, sources []Source, to *writer, p *problems) {
	if len(sources) == 0 {
		return
	}
	defer from.close()
	for {
		now := time.Now()
		select {
		case <-time.After(now.Truncate(every).Add(every).Sub(now)):
			measure(ctx, every, from, sources, to, p)
		case <-ctx.Done():
			return
		}
	}
}

// measure writes the lines of one minute.
func measure(ctx context.Context, every time.Duration, from store, sources []Source, to *writer, p *problems) {
	ctx, done := context.WithTimeout(ctx, every/2)
	defer done()
	leads, err := from.lead(ctx)
	p.report(ctx, "", err)
	if !leads {
		return
	}
	for _, source := range sources {
		counted, err := from.count(ctx, source)
		p.report(ctx, source.Process, err)
		if err == nil {
			to.write(source.Process, counted)
		}
	}
}

// problems logs a problem when it begins, and not each minute again.
type problems struct {
	log  *slog.Logger
	last map[string]string // message by process
}

func (p *problems) report(ctx context.Context, process string, err error) {
	message := ""
	if err != nil {
		message = err.Error()
	}
	if p.last == nil {
		p.last = map[string]string{}
	}
	if message != "" && message != p.last[process] {
		p.log.WarnContext(ctx, "cannot count the jobs that wait; the number of tasks stays as it is", "process", process, "error", message)
	}
	p.last[process] = message
}

// writer writes embedded-metric lines, which the log driver delivers to CloudWatch.
type writer struct {
	mu        sync.Mutex
	out       io.Writer
	namespace string
}

func (w *writer) write(process string, c count) {
	type metric struct{ Name, Unit string }
	metrics := []metric{{"Backlog", "Count"}}
	line := map[string]any{"Process": process, "Backlog": c.jobs}
	if c.aged {
		metrics = append(metrics, metric{"BacklogAge", "Seconds"})
		line["BacklogAge"] = c.age.Seconds()
	}
	line["_aws"] = map[string]any{
		"Timestamp": time.Now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": w.namespace, "Dimensions": [][]string{{"Process"}}, "Metrics": metrics,
		}},
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = json.NewEncoder(w.out).Encode(line)
}
