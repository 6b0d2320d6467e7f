package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"dozen/app/internal/database"
	"dozen/app/internal/inbox"
	"dozen/app/internal/testsuite"
)

const testSecret = "a-secret-for-tests-only"

// world is what the processes under test use: a database, and a receiver, which is the only destination ("sink") of
// the only source ("demo").
type world struct {
	t    testing.TB
	env  variables
	db   *database.DB
	in   *inbox.Inbox
	sink *sink
}

func newWorld(t testing.TB) *world { return newWorldAt(t, 0) }

// newWorldAt returns a world whose schema is at the given migration; 0 is the newest.
func newWorldAt(t testing.TB, version int64) *world {
	t.Helper()
	w := &world{t: t, env: newVariables(t), sink: newSink(t)}
	if version > 0 {
		w.env["DATABASE_URL"] = testsuite.DatabaseURL(t, false)
	}
	w.db = testsuite.Open(t, w.env["DATABASE_URL"])
	if version > 0 {
		if err := w.db.Migrate(t.Context(), slog.New(slog.DiscardHandler), version); err != nil {
			t.Fatal(err)
		}
	}
	jobs, err := inbox.NewJobs(w.db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	w.in = inbox.New(w.db, jobs)
	source := inbox.Source{Name: "demo", Scheme: "hmac", Secret: testSecret, RatePerMinute: 1 << 30}
	if err := w.in.AddSource(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	w.addDestination(inbox.Destination{Name: "sink"})
	return w
}

// addDestination adds a destination with the fields that tests do not care about.
func (w *world) addDestination(d inbox.Destination) {
	w.t.Helper()
	d.Source, d.URL, d.Secret, d.AllowPrivate = "demo", w.sink.URL, testSecret, true
	d.Concurrency, d.MaxAttempts = 64, 12
	if err := w.in.AddDestination(w.t.Context(), d); err != nil {
		w.t.Fatal(err)
	}
}

// sink receives deliveries and counts them by event.
type sink struct {
	*httptest.Server
	mu     sync.Mutex
	counts map[string]int
	answer func(http.ResponseWriter, *http.Request) // nil answers 200
}

func newSink(t testing.TB) *sink {
	s := &sink{counts: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	s.counts[r.Header.Get("Dozen-Event")]++
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

func (s *sink) answers(with func(http.ResponseWriter, *http.Request)) {
	s.mu.Lock()
	s.answer = with
	s.mu.Unlock()
}

// holds keeps every answer back until release is called, or until the test ends: a server that closes waits for its answers.
func (s *sink) holds(t testing.TB) (release func()) {
	hold := make(chan struct{})
	release = sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	s.answers(func(http.ResponseWriter, *http.Request) { <-hold })
	return release
}

func (s *sink) received() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := map[string]int{}
	for id, count := range s.counts {
		copied[id] = count
	}
	return copied
}

func sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// newClient returns a client with its own connections, so that tests do not share them.
func newClient(t testing.TB, connections int) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// post posts a signed event, and returns its id or why it was rejected.
func post(client *http.Client, url, key string, body []byte) (id string, err error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Signature", sign(body))
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ ID, Detail string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("answer %d: %s", response.StatusCode, answer.Detail)
	}
	return answer.ID, nil
}

// logIn logs in ada@example.com, and returns the session cookie.
func logIn(t testing.TB, web *instance) *http.Cookie {
	t.Helper()
	client := newClient(t, 1)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	form := map[string][]string{"email": {"ada@example.com"}, "password": {"correct horse battery"}}
	response, err := client.PostForm(web.url("/login"), form)
	if err != nil || len(response.Cookies()) != 1 {
		t.Fatalf("login: %v, %v", response, err)
	}
	_ = response.Body.Close()
	return response.Cookies()[0]
}

// unfinished counts the deliveries that are pending, and the jobs that have not ended.
func (w *world) unfinished(ctx context.Context) (deliveries, jobs int, err error) {
	err = w.db.QueryRow(ctx, `select (select count(*) from delivery where state = 'pending'),
		(select count(*) from river_job where state not in ('completed', 'discarded', 'cancelled'))`).Scan(&deliveries, &jobs)
	return deliveries, jobs, err
}

// settled returns nil if no delivery is pending and no job is unfinished.
func (w *world) settled(ctx context.Context) error {
	deliveries, jobs, err := w.unfinished(ctx)
	if err == nil && deliveries+jobs > 0 {
		err = fmt.Errorf("%d deliveries are pending, %d jobs unfinished", deliveries, jobs)
	}
	return err
}
