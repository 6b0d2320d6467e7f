package web

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/cache"
	"dozen/app/internal/config"
	"dozen/app/internal/inbox"
	"dozen/app/internal/metric"
	"dozen/app/internal/testsuite"
)

func TestMain(m *testing.M) { testsuite.Main(m) }

const (
	secret   = "a-secret-for-tests-only"
	email    = "ada@example.com"
	password = "correct horse battery"
)

// site is a web server with its services, a source of each scheme, and the log.
type site struct {
	*httptest.Server
	server *Server
	cache  testsuite.Cache
	log    *bytes.Buffer
}

func newSite(t *testing.T, settings map[string]string) *site {
	t.Helper()
	valkey := testsuite.Valkey(t)
	values := map[string]string{"CACHE_URL": valkey.URL()}
	for name, value := range settings {
		values[name] = value
	}
	cfg, err := config.Load(func(name string) string { return values[name] })
	if err != nil {
		t.Fatal(err)
	}
	client, err := cache.Open(cfg.Cache, awsapi.New(cfg.AWS))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	db := testsuite.Database(t)
	jobs, err := inbox.NewJobs(db, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{cache: valkey, log: &bytes.Buffer{}}
	s.server = &Server{Config: cfg, Log: slog.New(slog.NewJSONHandler(s.log, nil)), Metrics: metric.New(io.Discard, "", "web"),
		DB: db, Cache: client, Inbox: inbox.New(db, jobs)}
	for _, scheme := range inbox.Schemes {
		source := inbox.Source{Name: scheme, Scheme: scheme, Secret: secret, RatePerMinute: 6000}
		if err := s.server.Inbox.AddSource(t.Context(), source); err != nil {
			t.Fatal(err)
		}
	}
	s.Server = httptest.NewServer(s.server.Handler())
	t.Cleanup(s.Close)
	return s
}

// client is for requests without cookies. No test waits for an answer without end.
var client = &http.Client{Timeout: patience}

const patience = time.Minute

func signed(body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// send posts a body and returns the status and the decoded answer.
func (s *site) send(t *testing.T, path, body string, header map[string]string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("POST %s: answer %d is not JSON: %v", path, response.StatusCode, err)
	}
	if response.StatusCode >= 400 && (response.Header.Get("Content-Type") != "application/problem+json" ||
		answer["status"] != float64(response.StatusCode) || answer["detail"] == "") {
		t.Errorf("POST %s: %d is not a problem of RFC 9457: %v", path, response.StatusCode, answer)
	}
	return response.StatusCode, answer
}
