package backlog

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
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
	lines := &writer{out: out, namespace: s.Namespace}
	rows := meter{
		store: &database{url: s.Database, namespace: s.Namespace, longest: s.Every / 3},
		every: s.Every, offset: rand.N(s.Every), lines: lines, problems: problems{log, map[string]bool{}},
	}
	keys := meter{
		store: &cache{address: s.Cache, namespace: s.Namespace, every: s.Every},
		every: s.Every, lines: lines, problems: problems{log, map[string]bool{}},
	}
	for _, source := range s.Sources {
		if source.inDatabase() {
			rows.sources = append(rows.sources, source)
		} else {
			keys.sources = append(keys.sources, source)
		}
	}
	var both sync.WaitGroup
	both.Go(func() { rows.run(ctx) })
	both.Go(func() { keys.run(ctx) })
	both.Wait()
}

// meter counts in one store.
type meter struct {
	store   store
	sources []Source
	every   time.Duration
	// offset is when it asks in each interval. Each door has its own for the database, where a hundred that connect at once are
	// many; for the cache all have the same, so that the key of the first one keeps the others away.
	offset   time.Duration
	lines    *writer
	problems problems
}

func (m *meter) run(ctx context.Context) {
	if len(m.sources) == 0 {
		return
	}
	defer m.store.close()
	for {
		now := time.Now().Add(-m.offset)
		select {
		case <-time.After(now.Truncate(m.every).Add(m.every).Sub(now)):
			m.measure(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// measure writes the lines of one interval.
func (m *meter) measure(ctx context.Context) {
	leads := false
	m.problems.report(ctx, "", within(ctx, m.every/2, func(ctx context.Context) (err error) {
		leads, err = m.store.lead(ctx)
		return err
	}))
	for i := 0; leads && i < len(m.sources); i++ {
		process := m.sources[i].Process
		m.problems.report(ctx, process, within(ctx, m.every/2, func(ctx context.Context) error {
			counted, err := m.store.count(ctx, m.sources[i])
			if err == nil {
				m.lines.write(process, counted)
			}
			return err
		}))
	}
}

// within limits the time of one question, so that a source that does not answer leaves time to the others.
func within(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	ctx, done := context.WithTimeout(ctx, limit)
	defer done()
	return ask(ctx)
}

// problems logs a problem when it begins, and not each minute again.
type problems struct {
	log    *slog.Logger
	failed map[string]bool // by process
}

func (p *problems) report(ctx context.Context, process string, err error) {
	if ctx.Err() != nil {
		return // the door stops
	}
	if err != nil && !p.failed[process] {
		p.log.WarnContext(ctx, "cannot count the jobs that wait; the number of tasks stays as it is", "process", process, "error", err)
	}
	p.failed[process] = err != nil
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
		line["BacklogAge"] = c.age
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
