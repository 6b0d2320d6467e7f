package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/deliver"
	"dozen/app/internal/inbox"
	"dozen/app/internal/operator"
	"dozen/app/internal/testsuite"
)

func startBare(b *testing.B, env variables) *instance {
	b.Helper()
	p := start(b, env.with(asBare, "1"))
	p.until("/livez", 200, 10*time.Second)
	return p
}

func benchWorld(b *testing.B) (*world, *instance, *instance) {
	b.Helper()
	w := newWorld(b)
	w.env = w.env.with("CACHE_URL", testsuite.Valkey(b).URL()).with(unread, "1")
	web := start(b, w.env, "web")
	web.until("/readyz", 200, 10*time.Second)
	return w, web, startBare(b, w.env)
}

// against compares a request to the app with the same request to two floors: a plain program, and one that makes as
// few round trips as the app.
func against(
	b *testing.B, request func(b *testing.B, p *instance, path string) func(*http.Client, int) error,
	web, floor *instance, path string,
) {
	for _, below := range []string{"", "/lean"} {
		b.Run("floor"+below, func(b *testing.B) {
			compare(b, 1500, request(b, web, path), request(b, floor, below+path))
		})
	}
}

func BenchmarkWebInsert(b *testing.B) {
	_, web, floor := benchWorld(b)
	against(b, func(b *testing.B, p *instance, path string) func(*http.Client, int) error {
		return func(client *http.Client, number int) error {
			key := fmt.Sprintf("%s-%s-%d", b.Name(), p.url(""), number)
			_, err := post(client, p.url(path), key, []byte(`{"order":1,"items":["a","b"]}`))
			return err
		}
	}, web, floor, "/in/demo")
}

func BenchmarkWebRead(b *testing.B) {
	w, web, floor := benchWorld(b)
	event := inbox.Event{Source: "demo", ContentType: "application/json", Body: []byte(`{"order":1}`)}
	id, _, err := w.in.Accept(b.Context(), event)
	if err != nil {
		b.Fatal(err)
	}
	if err := operator.Add(b.Context(), w.db, "ada@example.com", "correct horse battery"); err != nil {
		b.Fatal(err)
	}
	session := logIn(b, web)
	against(b, func(b *testing.B, p *instance, path string) func(*http.Client, int) error {
		return func(client *http.Client, _ int) error { return readPage(client, p.url(path), session, id) }
	}, web, floor, "/events/"+id)
}

func readPage(client *http.Client, url string, session *http.Cookie, want string) error {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.AddCookie(session)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); err != nil || !bytes.Contains(body, []byte(want)) {
		return fmt.Errorf("answer %d without the event: %.100s", response.StatusCode, body)
	}
	return nil
}

type noopArgs struct{}

func (noopArgs) Kind() string { return "noop" }

type noop struct {
	river.WorkerDefaults[noopArgs]
	left *atomic.Int64
	done chan struct{}
}

func (n *noop) Work(context.Context, *river.Job[noopArgs]) error {
	if n.left.Add(-1) == 0 {
		close(n.done)
	}
	return nil
}

// BenchmarkWorker runs no-op jobs with a plain River client, and with our settings and lease.
func BenchmarkWorker(b *testing.B) {
	const jobs = 20_000
	work := func(ours bool) time.Duration {
		db := testsuite.Database(b)
		n := &noop{left: &atomic.Int64{}, done: make(chan struct{})}
		n.left.Store(jobs)
		workers := river.NewWorkers()
		river.AddWorker(workers, n)
		config := &river.Config{ID: "bench", Workers: workers, Logger: slog.New(slog.DiscardHandler),
			FetchCooldown: 2 * time.Millisecond, // as in River's own benchmark
			Queues:        map[string]river.QueueConfig{inbox.Queue: {MaxWorkers: 2000}}}
		lease := deliver.NewLease(db, slog.New(slog.DiscardHandler), "bench", deliver.Silence)
		if ours {
			config.Middleware = []rivertype.Middleware{lease}
			ctx, stop := context.WithCancel(b.Context())
			defer stop()
			go lease.Run(ctx)
		}
		client, err := inbox.NewJobs(db, config)
		if err != nil {
			b.Fatal(err)
		}
		many := make([]river.InsertManyParams, jobs)
		for i := range many {
			many[i] = river.InsertManyParams{Args: noopArgs{}, InsertOpts: &river.InsertOpts{Queue: inbox.Queue}}
		}
		if _, err := client.InsertManyFast(b.Context(), many); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := client.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		<-n.done
		took := time.Since(began)
		_ = client.Stop(b.Context())
		return took
	}
	for range b.N {
		var total [2]time.Duration
		for round := range 6 {
			total[round%2] += work(round%2 == 0)
		}
		b.ReportMetric(3*jobs/total[0].Seconds(), "ours/s")
		b.ReportMetric(3*jobs/total[1].Seconds(), "river/s")
		b.ReportMetric(total[1].Seconds()/total[0].Seconds(), "ratio")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDelivery delivers 5,000 events to a loopback sink with one worker.
func BenchmarkDelivery(b *testing.B) {
	const events = 5000
	w := newWorld(b)
	for range b.N {
		for number := range events {
			event := inbox.Event{Source: "demo", ContentType: "application/json", Body: []byte(`{"order":1}`)}
			if _, _, err := w.in.Accept(b.Context(), event); err != nil {
				b.Fatal(number, err)
			}
		}
		before := len(w.sink.received())
		began := time.Now()
		worker := start(b, w.env.with(unread, "1").with("WORKER_CONCURRENCY", "16").with("DATABASE_POOL_SIZE", "16"), "worker")
		testsuite.Eventually(b, time.Minute, func() error { return atLeast(int64(len(w.sink.received())), int64(before+events)) })
		b.ReportMetric(events/time.Since(began).Seconds(), "deliveries/s")
		b.ReportMetric(float64(worker.residentMB()), "worker-MiB")
		worker.kill()
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStart measures the time from the start of a process to its first answer.
func BenchmarkStart(b *testing.B) {
	w := newWorld(b)
	path, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	ready := func(launch func() *instance) time.Duration {
		began := time.Now()
		p := launch()
		for p.status("/livez") != http.StatusOK {
			time.Sleep(200 * time.Microsecond)
		}
		took := time.Since(began)
		p.kill()
		return took
	}
	var app, floor times
	var memory int
	for range b.N {
		app, floor = nil, nil
		for range 50 {
			app = append(app, ready(func() *instance { return launch(b, path, w.env, "web") }))
			floor = append(floor, ready(func() *instance { return start(b, w.env.with(asBare, "1")) }))
		}
		p := launch(b, path, w.env, "web")
		p.until("/readyz", 200, 10*time.Second)
		memory = p.residentMB()
		p.kill()
	}
	b.ReportMetric(app.at(0.5).Seconds()*1000, "p50-ms")
	b.ReportMetric(app.at(0.99).Seconds()*1000, "p99-ms")
	b.ReportMetric(float64(app.at(0.5))/float64(floor.at(0.5)), "p50-ratio")
	b.ReportMetric(float64(memory), "web-MiB")
	b.ReportMetric(0, "ns/op")
}
