package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
)

func from(values map[string]string) Lookup { return func(name string) string { return values[name] } }

// A newcomer starts the app with nothing set at all.
func TestDefaultsAreValid(t *testing.T) {
	cfg, err := Load(from(nil))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Port != 8080 || cfg.Database.URL != "postgres://localhost:5432/postgres?sslmode=prefer" ||
		cfg.Database.Username != "postgres" || cfg.Cache.URL != "redis://localhost:6379" {
		t.Errorf("defaults do not point to a local PostgreSQL and Valkey: %+v", cfg)
	}
}

// One restart per problem makes a bad evening: all of them are reported at once.
func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	wrong := map[string]string{
		"PORT": "http", "BIND": "localhost", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "POSTGRES_PORT": "0", "POSTGRES_SSLMODE": "on",
		"DATABASE_POOL_SIZE": "1", "CACHE_URL": "memcached://x", "STORAGE_URL": "ftp://x", "WORKER_CONCURRENCY": "-1",
		"ROUTING_LAG_SECONDS": "9", "DRAIN_SECONDS": "8", "KEEP_ALIVE_SECONDS": "0", "REQUEST_TIMEOUT_SECONDS": "1h",
		"RETENTION_DAYS": "0", "APP_URL": "example.com",
	}
	_, err := Load(from(wrong))
	if err == nil {
		t.Fatal("no error")
	}
	for name := range wrong {
		if name != "DRAIN_SECONDS" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not reported in:\n%v", name, err)
		}
	}
}

// The infrastructure is checked against .env.example.
func TestExampleListsExactlyWhatIsRead(t *testing.T) {
	content, err := os.ReadFile("../../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	values := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(name, "#") {
			listed = append(listed, name)
			values[name] = value
		}
	}
	var read []string
	if _, err := Load(func(name string) string { read = append(read, name); return "" }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(read)
	slices.Sort(listed)
	if !slices.Equal(read, listed) {
		t.Errorf("the code reads %v\n.env.example has %v", read, listed)
	}
	example, err := Load(from(values))
	if err != nil {
		t.Fatalf(".env.example is not valid: %v", err)
	}
	if defaults, _ := Load(from(nil)); fmt.Sprintf("%+v", example) != fmt.Sprintf("%+v", defaults) {
		t.Errorf("the example's values are not the defaults:\n%+v\n%+v", example, defaults)
	}
}

// A configuration that is logged by accident must not reveal any secret.
func TestSecretsRedactThemselves(t *testing.T) {
	cfg, err := Load(from(map[string]string{
		"DATABASE_URL": "postgres://u:hunter2@db/x", "CACHE_URL": "redis://:hunter2@cache", "ADMIN_PASSWORD": "hunter2",
		"AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_SESSION_TOKEN": "hunter2", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hunter2",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "cfg", cfg, "secret", cfg.AdminPassword)
	coded, _ := json.Marshal(cfg)
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), string(coded), log.String()} {
		if strings.Contains(text, "hunter2") || !strings.Contains(text, redacted) {
			t.Errorf("not redacted: %s", text)
		}
	}
	if cfg.AdminPassword.Reveal() != "hunter2" || cfg.Database.Password.Reveal() != "hunter2" {
		t.Error("the secret itself is lost")
	}
}

// A problem in a variable that may contain a password is reported without its value.
func TestProblemsDoNotRevealPasswords(t *testing.T) {
	_, err := Load(from(map[string]string{"DATABASE_URL": "mysql://u:hunter2@db/x", "CACHE_URL": "http://:hunter2@cache"}))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error = %v", err)
	}
}

// Variables override Parameter Store.
func TestOverlay(t *testing.T) {
	lookup := Overlay(from(map[string]string{"PORT": "1000"}), map[string]string{"PORT": "2000", "RETENTION_DAYS": "7"})
	cfg, err := Load(lookup)
	if err != nil || cfg.Port != 1000 || cfg.Retention.Hours() != 7*24 {
		t.Errorf("port %d, retention %s, %v", cfg.Port, cfg.Retention, err)
	}
}
