package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"dozen/app/internal/deliver"
	"dozen/app/internal/inbox"
	"dozen/app/internal/operator"
	"dozen/app/internal/testsuite"
)

// asBare makes this test binary the floor that web is measured against:
// net/http and pgx with the same statements, and nothing else.
const asBare = "DOZEN_TEST_AS_BARE"

func bare() {
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		panic(err)
	}
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		panic(err)
	}
	http.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /in/demo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = bareInsert(r.Context(), pool, r.Header.Get("Idempotency-Key"), body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"id":"x"}`))
	})
	http.HandleFunc("GET /events/{id}", func(w http.ResponseWriter, r *http.Request) { bareRead(w, r, pool) })
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

// bareInsert writes the same three rows as the app, in one transaction.
func bareInsert(ctx context.Context, pool *pgxpool.Pool, key string, body []byte) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var id string
		if err := tx.QueryRow(ctx, `insert into event (id, source, delivery_id, content_type, headers, body)
			values (gen_random_uuid(), 'demo', $1, 'application/json', '{}', $2) returning id::text`, key, body).Scan(&id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into delivery (event_id, destination) values ($1, 'sink')", id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into river_job (args, kind, max_attempts, queue) values ($1, 'deliver', 12, 'worker')`,
			map[string]string{"event_id": id, "destination": "sink"})
		return err
	})
}

// bareRead makes the same three queries as the event's page.
func bareRead(w http.ResponseWriter, r *http.Request, pool *pgxpool.Pool) {
	in, id := r.Context(), r.PathValue("id")
	var event inbox.Event
	err := pool.QueryRow(in, `select id::text, source, delivery_id, content_type, headers, body, received_at from event where id = $1`, id).
		Scan(&event.ID, &event.Source, &event.DeliveryID, &event.ContentType, &event.Headers, &event.Body, &event.ReceivedAt)
	var states []inbox.State
	var attempts []inbox.Attempt
	if err == nil {
		rows, _ := pool.Query(in, "select destination, state, changed_at from delivery where event_id = $1 order by destination", id)
		states, err = pgx.CollectRows(rows, pgx.RowToStructByPos[inbox.State])
	}
	if err == nil {
		rows, _ := pool.Query(in, "select destination, status, error, took_ms, at from attempt where event_id = $1 order by id", id)
		attempts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[inbox.Attempt])
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode([]any{event, states, attempts})
}

// times are how long requests took.
type times []time.Duration

func (t times) at(quantile float64) time.Duration {
	slices.Sort(t)
	return t[min(int(float64(len(t))*quantile), len(t)-1)]
}

// hammer sends requests over 16 connections and returns how long each took,
// and all of them together.
func hammer(b *testing.B, requests int, one func(client *http.Client, number int) error) (each times, total time.Duration) {
	const crowd = 16
	each = make(times, requests)
	var next atomic.Int64
	var all sync.WaitGroup
	client := newClient(b, crowd)
	began := time.Now()
	for range crowd {
		all.Go(func() {
			for {
				number := int(next.Add(1)) - 1
				if number >= requests {
					return
				}
				start := time.Now()
				if err := one(client, number); err != nil {
					b.Error(err)
					return
				}
				each[number] = time.Since(start)
			}
		})
	}
	all.Wait()
	return each, time.Since(began)
}

// compare runs the app and its floor in turns, so that both meet the same
// machine, and reports their ratio.
func compare(b *testing.B, requests int, app, floor func(client *http.Client, number int) error) {
	const rounds = 5
	b.ResetTimer()
	for range b.N {
		var both [2]times
		var total [2]time.Duration
		for round := range 2 * rounds {
			one := []func(*http.Client, int) error{app, floor}[round%2]
			each, took := hammer(b, requests, func(client *http.Client, number int) error { return one(client, round*requests+number) })
			both[round%2], total[round%2] = append(both[round%2], each...), total[round%2]+took
		}
		b.ReportMetric(float64(rounds*requests)/total[0].Seconds(), "app/s")
		b.ReportMetric(float64(rounds*requests)/total[1].Seconds(), "bare/s")
		b.ReportMetric(total[1].Seconds()/total[0].Seconds(), "ratio")
		b.ReportMetric(float64(both[0].at(0.99))/float64(both[1].at(0.99)), "p99-ratio")
		b.ReportMetric(both[0].at(0.99).Seconds()*1000, "app-p99-ms")
	}
	b.ReportMetric(0, "ns/op")
}

func startBare(b *testing.B, env environment) *instance {
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

func BenchmarkWebInsert(b *testing.B) {
	_, web, floor := benchWorld(b)
	to := func(p *instance) func(*http.Client, int) error {
		url := p.url("/in/demo")
		return func(client *http.Client, number int) error {
			_, err := post(client, url, fmt.Sprintf("%s-%d", b.Name(), number), []byte(`{"order":1,"items":["a","b"]}`))
			return err
		}
	}
	compare(b, 2000, to(web), to(floor))
}

func BenchmarkWebRead(b *testing.B) {
	w, web, floor := benchWorld(b)
	id, _, err := w.in.Accept(b.Context(), inbox.Event{Source: "demo", ContentType: "application/json", Body: []byte(`{"order":1}`)})
	if err != nil {
		b.Fatal(err)
	}
	if err := operator.Add(b.Context(), w.db, "ada@example.com", "correct horse battery"); err != nil {
		b.Fatal(err)
	}
	session := logIn(b, web)
	to := func(p *instance) func(*http.Client, int) error {
		url := p.url("/events/" + id)
		return func(client *http.Client, _ int) error {
			request, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
			request.AddCookie(session)
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			defer func() { _ = response.Body.Close() }()
			if body, err := io.ReadAll(response.Body); err != nil || !bytes.Contains(body, []byte(id)) {
				return fmt.Errorf("answer %d without the event: %.100s", response.StatusCode, body)
			}
			return nil
		}
	}
	compare(b, 2000, to(web), to(floor))
}

func logIn(b *testing.B, web *instance) *http.Cookie {
	b.Helper()
	client := newClient(b, 1)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.PostForm(web.url("/login"), map[string][]string{"email": {"ada@example.com"}, "password": {"correct horse battery"}})
	if err != nil || len(response.Cookies()) != 1 {
		b.Fatalf("login: %v, %v", response, err)
	}
	_ = response.Body.Close()
	return response.Cookies()[0]
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

// BenchmarkWorker works no-op jobs with a plain River client, and with our
// settings and lease around it.
func BenchmarkWorker(b *testing.B) {
	const jobs = 20_000
	work := func(ours bool) time.Duration {
		db := testsuite.Database(b)
		n := &noop{left: &atomic.Int64{}, done: make(chan struct{})}
		n.left.Store(jobs)
		workers := river.NewWorkers()
		river.AddWorker(workers, n)
		config := &river.Config{ID: "bench", Workers: workers, Logger: slog.New(slog.DiscardHandler),
			FetchCooldown: 2 * time.Millisecond, // as River's own benchmark
			Queues:        map[string]river.QueueConfig{inbox.Queue: {MaxWorkers: 2000}}}
		lease := deliver.NewLease(db, slog.New(slog.DiscardHandler), "bench")
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

// BenchmarkDelivery is the worker's whole way: 5,000 events to a loopback sink.
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

// BenchmarkStart measures from the start of a process to its first answer.
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
