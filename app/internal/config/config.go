// Package config reads the process's variables into one typed value. No other package knows their names. .env.example
// lists them all; a test compares the two.
package config

import (
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Config is everything that differs between two environments that run the same image.
type Config struct {
	Environment      string // its name; "local" when unset
	Version          string // the image's; "dev" when unset
	Bind             string // the address that web listens on; every one when unset
	Port             int    // web listens on it
	AppURL           string // where users reach web, without a trailing slash
	LogLevel         slog.Level
	LogFormat        string // "json" or "text"
	MetricsNamespace string // of CloudWatch; "" writes no metrics

	Database Database
	Cache    Cache
	Storage  *url.URL // s3://bucket/prefix or file:///path
	AWS      AWS

	ParametersPath string // in Parameter Store, for variables that are not set
	AdminPassword  Secret // read by createadmin only

	WorkerConcurrency int           // jobs that one worker runs at once
	RoutingLag        time.Duration // how long web accepts requests after SIGTERM
	Drain             time.Duration // how long a process may take to stop after SIGTERM
	KeepAlive         time.Duration // how long web keeps idle connections, at least
	RequestTimeout    time.Duration // for one request
	Retention         time.Duration // age at which finished events are archived
}

// Database is the address of PostgreSQL and the login to it.
type Database struct {
	URL       string // postgres://host:port/name?options, always without credentials
	Username  string
	Password  Secret
	SecretARN string // of a Secrets Manager secret that overrides Username and Password
	PoolSize  int    // connections of this process, at most
}

// Cache is the address of Valkey and the login to it.
type Cache struct {
	URL       Secret // redis:// or rediss://; may contain a password
	SecretARN string // of a Secrets Manager secret with username and password
}

// AWS holds AWS's own variables. ECS sets the necessary ones in every task.
type AWS struct {
	Region          string
	EndpointURL     string // replaces the address of every AWS service: a stand-in or a fake
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
	CredentialsPath string // on ECS and Fargate, see awsapi
	CredentialsURL  string
	Authorization   Secret
}

// Load reads the whole configuration. Its error lists every problem at once.
func Load(lookup Lookup) (Config, error) {
	r := &reader{lookup: lookup}
	cfg := load(r)
	return cfg, r.err()
}

// Overlay returns a lookup that falls back to extra for variables that are not set. So a parameter in Parameter Store
// counts like a variable, but never overrides one.
func Overlay(lookup Lookup, extra map[string]string) Lookup {
	return func(name string) string {
		if value := lookup(name); value != "" {
			return value
		}
		return extra[name]
	}
}

func load(r *reader) Config {
	cfg := Config{
		Environment:       r.string("ENVIRONMENT", "local"),
		Version:           r.string("VERSION", "dev"),
		Bind:              r.address("BIND"),
		Port:              r.number("PORT", 8080, 1, 65535),
		AppURL:            strings.TrimSuffix(r.string("APP_URL", "http://localhost:8080"), "/"),
		LogFormat:         r.oneOf("LOG_FORMAT", "text", "json", "text"),
		MetricsNamespace:  r.string("METRICS_NAMESPACE", ""),
		Database:          loadDatabase(r),
		Cache:             loadCache(r),
		AWS:               loadAWS(r),
		ParametersPath:    r.string("PARAMETERS_PATH", ""),
		AdminPassword:     r.secret("ADMIN_PASSWORD", ""),
		WorkerConcurrency: r.number("WORKER_CONCURRENCY", 8, 1, 1000),
		RoutingLag:        r.seconds("ROUTING_LAG_SECONDS", 0, 0, 40),
		Drain:             r.seconds("DRAIN_SECONDS", 8, 1, 118),
		KeepAlive:         r.seconds("KEEP_ALIVE_SECONDS", 75, 1, 4000),
		RequestTimeout:    r.seconds("REQUEST_TIMEOUT_SECONDS", 5, 1, 60),
		Retention:         time.Duration(r.number("RETENTION_DAYS", 30, 1, 3650)) * 24 * time.Hour,
	}
	level := r.oneOf("LOG_LEVEL", "info", "debug", "info", "warn", "error")
	_ = cfg.LogLevel.UnmarshalText([]byte(level)) // oneOf has reported a wrong level
	r.require(cfg.RoutingLag < cfg.Drain,
		"ROUTING_LAG_SECONDS=%q: write less than DRAIN_SECONDS (%s), which includes it", cfg.RoutingLag, cfg.Drain)
	cfg.Storage = loadStorage(r)
	r.requireURL("APP_URL", cfg.AppURL, "http", "https")
	return cfg
}

func loadCache(r *reader) Cache {
	name := "CACHE_URL"
	cache := Cache{URL: r.secret(name, ""), SecretARN: r.string("CACHE_SECRET_ARN", "")}
	if cache.URL == "" {
		name = "REDIS_URL" // its usual name
		cache.URL = r.secret(name, "redis://localhost:6379")
	}
	r.requireURL(name, cache.URL.Reveal(), "redis", "rediss")
	return cache
}

func loadStorage(r *reader) *url.URL {
	text := r.string("STORAGE_URL", "file:///tmp/dozen")
	u, err := url.Parse(text)
	if err != nil {
		u = &url.URL{}
	}
	bucket := u.Scheme == "s3" && u.Host != ""
	directory := u.Scheme == "file" && u.Host == "" && strings.HasPrefix(u.Path, "/")
	r.require(bucket || directory, "STORAGE_URL=%q: write s3://bucket/prefix or file:///path", text)
	return u
}

func loadAWS(r *reader) AWS {
	return AWS{
		Region:          r.string("AWS_REGION", ""),
		EndpointURL:     r.string("AWS_ENDPOINT_URL", ""),
		AccessKeyID:     r.string("AWS_ACCESS_KEY_ID", ""),
		SecretAccessKey: r.secret("AWS_SECRET_ACCESS_KEY", ""),
		SessionToken:    r.secret("AWS_SESSION_TOKEN", ""),
		CredentialsPath: r.string("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ""),
		CredentialsURL:  r.string("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""),
		Authorization:   r.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""),
	}
}
