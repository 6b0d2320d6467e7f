package main

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
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

	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/deliver"
	"dozen/app/internal/inbox"
	"dozen/app/internal/operator"
	"dozen/app/internal/testserver"
	"dozen/app/internal/testsuite"
)

// asBare makes this test binary the floor that web is measured against:
// net/http, pgx and html/template with the same statements and the same page,
// as any plain program would do it, and nothing else: no session, no ids, no
// log, no limits. Below /lean it does as the app does: one round trip each.
const asBare = "DOZEN_TEST_AS_BARE"

func bare() {
	db, err := database.Open(context.Background(), config.Database{URL: os.Getenv("DATABASE_URL"), PoolSize: 10,
		Username: "postgres", Password: testserver.Password}, nil, "bare")
	if err != nil {
		panic(err)
	}
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		panic(err)
	}
	f := &floor{pool: db.Pool, lean: inbox.New(db, jobs), page: template.Must(template.New("layout.html").
		Funcs(template.FuncMap{"time": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }}).
		ParseFiles("internal/web/templates/layout.html", "internal/web/templates/event.html"))}
	http.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /in/demo", f.accept(f.insert))
	http.HandleFunc("POST /lean/in/demo", f.accept(f.insertLean))
	http.HandleFunc("GET /events/{id}", f.show(f.read))
	http.HandleFunc("GET /lean/events/{id}", f.show(f.lean.Event))
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

type floor struct {
	pool *pgxpool.Pool
	lean *inbox.Inbox
	page *template.Template
}

func (f *floor) accept(insert func(ctx context.Context, key string, body []byte) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = insert(r.Context(), r.Header.Get("Idempotency-Key"), body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"id":"x"}`))
	}
}

// insert writes the same three rows as the app, in one transaction.
func (f *floor) insert(ctx context.Context, key string, body []byte) error {
	return pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
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

func (f *floor) insertLean(ctx context.Context, key string, body []byte) error {
	_, _, err := f.lean.Accept(ctx, inbox.Event{Source: "demo", DeliveryID: key, ContentType: "application/json", Body: body})
	return err
}

// show renders what the event's page shows.
func (f *floor) show(read func(context.Context, string) (inbox.Event, []inbox.State, []inbox.Attempt, error)) http.HandlerFunc {
	type detail struct {
		inbox.Event
		Deliveries    []inbox.State
		Attempts      []inbox.Attempt
		Text, Started string
		Cut           bool
	}
	return func(w http.ResponseWriter, r *http.Request) {
		event, states, attempts, err := read(r.Context(), r.PathValue("id"))
		var answer bytes.Buffer
		if err == nil {
			err = f.page.Execute(&answer, map[string]any{"Title": "Event " + event.ID, "Operator": "ada@example.com",
				"Data": detail{Event: event, Deliveries: states, Attempts: attempts, Text: string(event.Body)}})
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = answer.WriteTo(w)
	}
}

// read makes the same three queries as the app.
func (f *floor) read(in context.Context, id string) (event inbox.Event, states []inbox.State, attempts []inbox.Attempt, err error) {
	err = f.pool.QueryRow(in, `select id::text, source, delivery_id, content_type, headers, body, received_at from event where id = $1`, id).
		Scan(&event.ID, &event.Source, &event.DeliveryID, &event.ContentType, &event.Headers, &event.Body, &event.ReceivedAt)
	if err == nil {
		rows, _ := f.pool.Query(in, "select destination, state, changed_at from delivery where event_id = $1 order by destination", id)
		states, err = pgx.CollectRows(rows, pgx.RowToStructByPos[inbox.State])
	}
	if err == nil {
		rows, _ := f.pool.Query(in, "select destination, status, error, took_ms, at from attempt where event_id = $1 order by id", id)
		attempts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[inbox.Attempt])
	}
	return event, states, attempts, err
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

// compare lets the app and its floor take turns, so that both meet the same
// machine, and reports medians over the turns: one noisy moment of a shared
// machine decides nothing. app/s and the others are of this machine; only the
// ratios mean something elsewhere.
func compare(b *testing.B, requests int, app, floor func(client *http.Client, number int) error) {
	const turns = 11
	b.ResetTimer()
	for range b.N {
		var ratios, tails, tops, rates, floorRates []float64
		for turn := range turns {
			var each [2]times
			var took [2]time.Duration
			for step := range 2 {
				i := (turn + step) % 2 // each begins every other turn
				one := []func(*http.Client, int) error{app, floor}[i]
				each[i], took[i] = hammer(b, requests, func(client *http.Client, number int) error { return one(client, turn*requests+number) })
			}
			ratios = append(ratios, took[1].Seconds()/took[0].Seconds())
			tails = append(tails, float64(each[0].at(0.99))/float64(each[1].at(0.99)))
			tops = append(tops, each[0].at(0.99).Seconds()*1000)
			rates = append(rates, float64(requests)/took[0].Seconds())
			floorRates = append(floorRates, float64(requests)/took[1].Seconds())
		}
		b.ReportMetric(median(rates), "app/s")
		b.ReportMetric(median(floorRates), "bare/s")
		b.ReportMetric(median(ratios), "ratio")
		b.ReportMetric(median(tails), "p99-ratio")
		b.ReportMetric(median(tops), "app-p99-ms")
	}
	b.ReportMetric(0, "ns/op")
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
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

// against compares a request to the app with the same to the floor as a plain
// program, and with the floor that makes as few round trips as the app.
func against(b *testing.B, request func(b *testing.B, p *instance, path string) func(*http.Client, int) error, web, floor *instance, path string) {
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
			_, err := post(client, p.url(path), fmt.Sprintf("%s-%s-%d", b.Name(), p.url(""), number), []byte(`{"order":1,"items":["a","b"]}`))
			return err
		}
	}, web, floor, "/in/demo")
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
