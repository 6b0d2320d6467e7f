package main

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/testserver"
)

// asBare makes this test binary the floor that web is measured against: a plain program with net/http, pgx and
// html/template, the same statements and the same page, but without sessions, ids, logs and limits. Under /lean it
// makes only one round trip per request, like the app.
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

// insert writes the same rows as the app, in one transaction.
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

// show renders an event's page.
func (f *floor) show(
	read func(context.Context, string) (inbox.Event, []inbox.State, []inbox.Attempt, error),
) http.HandlerFunc {
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
func (f *floor) read(
	ctx context.Context, id string,
) (event inbox.Event, states []inbox.State, attempts []inbox.Attempt, err error) {
	err = f.pool.QueryRow(ctx, `
		select id::text, source, delivery_id, content_type, headers, body, received_at
		from event where id = $1`, id).
		Scan(&event.ID, &event.Source, &event.DeliveryID, &event.ContentType,
			&event.Headers, &event.Body, &event.ReceivedAt)
	if err == nil {
		rows, _ := f.pool.Query(ctx, `
			select destination, state, changed_at from delivery where event_id = $1 order by destination`, id)
		states, err = pgx.CollectRows(rows, pgx.RowToStructByPos[inbox.State])
	}
	if err == nil {
		rows, _ := f.pool.Query(ctx, `
			select destination, status, error, took_ms, at from attempt where event_id = $1 order by id`, id)
		attempts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[inbox.Attempt])
	}
	return event, states, attempts, err
}
