// Package config turns environment variables into one typed value. It is the
// only place that knows their names; .env.example lists them all, and a test
// holds the two together.
package config

import (
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Config is everything that differs between two deploys of the same image.
type Config struct {
	Environment      string // name of the environment; "local" when unset
	Version          string // release that is running; "dev" when unset
	Port             int    // web listens here, on every address
	AppURL           string // where users reach web, without a slash at the end
	LogLevel         slog.Level
	LogFormat        string // "json" or "text"
	MetricsNamespace string // CloudWatch namespace; "" writes no metrics

	Database Database
	Cache    Cache
	Storage  *url.URL // s3://bucket/prefix or file:///path
	AWS      AWS

	ParametersPath string // Parameter Store path whose settings fill the gaps
	AdminPassword  Secret // read by createadmin only

	WorkerConcurrency int           // jobs that one worker runs at once
	RoutingLag        time.Duration // after SIGTERM, web accepts for this long
	Drain             time.Duration // after SIGTERM, a process has this long
	KeepAlive         time.Duration // idle connections live at least this long
	RequestTimeout    time.Duration // the longest request
	Retention         time.Duration // finished events are archived after this
}

// Database says how to reach PostgreSQL.
type Database struct {
	URL       string // postgres://host:port/name?options, never with credentials
	Username  string
	Password  Secret
	SecretARN string // Secrets Manager secret that overrules Username and Password
	PoolSize  int    // most connections of this process
}

// Cache says how to reach Valkey.
type Cache struct {
	URL       Secret // redis:// or rediss://; may hold a password
	SecretARN string // Secrets Manager secret with username and password
}

// AWS holds what the platform tells every process, in AWS's own variables.
type AWS struct {
	Region          string
	EndpointURL     string // stand-in for every AWS service, for tests
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
	CredentialsPath string // on Fargate: path of the credentials, see awsapi
	CredentialsURL  string
	Authorization   Secret
}

// Load reads the whole configuration, or returns every mistake in it at once.
func Load(lookup Lookup) (Config, error) {
	cfg, r := load(lookup)
	return cfg, r.err()
}

// Names lists every variable that Load reads.
func Names() []string {
	_, r := load(func(string) string { return "" })
	return r.names
}

// Overlay gives the environment's value where it is set, and else the value
// from extra: settings of the Parameter Store count as if set, but never win.
func Overlay(lookup Lookup, extra map[string]string) Lookup {
	return func(name string) string {
		if value := lookup(name); value != "" {
			return value
		}
		return extra[name]
	}
}

func load(lookup Lookup) (Config, *reader) {
	r := &reader{lookup: lookup}
	cfg := Config{
		Environment:       r.text("ENVIRONMENT", "local"),
		Version:           r.text("VERSION", "dev"),
		Port:              r.number("PORT", 8080, 1, 65535),
		AppURL:            strings.TrimSuffix(r.text("APP_URL", "http://localhost:8080"), "/"),
		LogFormat:         r.oneOf("LOG_FORMAT", "text", "json", "text"),
		MetricsNamespace:  r.text("METRICS_NAMESPACE", ""),
		Database:          loadDatabase(r),
		Cache:             Cache{URL: r.secret("CACHE_URL", "redis://localhost:6379"), SecretARN: r.text("CACHE_SECRET_ARN", "")},
		AWS:               loadAWS(r),
		ParametersPath:    r.text("PARAMETERS_PATH", ""),
		AdminPassword:     r.secret("ADMIN_PASSWORD", ""),
		WorkerConcurrency: r.number("WORKER_CONCURRENCY", 8, 1, 1000),
		RoutingLag:        r.seconds("ROUTING_LAG_SECONDS", 0, 0, 30),
		Drain:             r.seconds("DRAIN_SECONDS", 8, 1, 110),
		KeepAlive:         r.seconds("KEEP_ALIVE_SECONDS", 75, 1, 4000),
		RequestTimeout:    r.seconds("REQUEST_TIMEOUT_SECONDS", 5, 1, 60),
		Retention:         time.Duration(r.number("RETENTION_DAYS", 30, 1, 3650)) * 24 * time.Hour,
	}
	level := r.oneOf("LOG_LEVEL", "info", "debug", "info", "warn", "error")
	_ = cfg.LogLevel.UnmarshalText([]byte(level)) // oneOf has complained already
	if cfg.RoutingLag >= cfg.Drain {
		r.complain("ROUTING_LAG_SECONDS", cfg.RoutingLag.String(), "write less than DRAIN_SECONDS ("+cfg.Drain.String()+"), which it is a part of")
	}
	cfg.Storage = loadStorage(r)
	checkURL(r, "APP_URL", cfg.AppURL, "http", "https")
	checkURL(r, "CACHE_URL", cfg.Cache.URL.Reveal(), "redis", "rediss")
	return cfg, r
}

func loadStorage(r *reader) *url.URL {
	text := r.text("STORAGE_URL", "file:///tmp/dozen")
	u, err := url.Parse(text)
	switch {
	case err == nil && u.Scheme == "s3" && u.Host != "":
	case err == nil && u.Scheme == "file" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
	default:
		r.complain("STORAGE_URL", text, "write s3://bucket/prefix or file:///path")
		return &url.URL{}
	}
	return u
}

func loadAWS(r *reader) AWS {
	return AWS{
		Region:          r.text("AWS_REGION", ""),
		EndpointURL:     r.text("AWS_ENDPOINT_URL", ""),
		AccessKeyID:     r.text("AWS_ACCESS_KEY_ID", ""),
		SecretAccessKey: r.secret("AWS_SECRET_ACCESS_KEY", ""),
		SessionToken:    r.secret("AWS_SESSION_TOKEN", ""),
		CredentialsPath: r.text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ""),
		CredentialsURL:  r.text("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""),
		Authorization:   r.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""),
	}
}

func checkURL(r *reader, name, value string, schemes ...string) {
	if u, err := url.Parse(value); err == nil && u.Host != "" {
		for _, scheme := range schemes {
			if u.Scheme == scheme {
				return
			}
		}
	}
	r.complainSecret(name, "write a URL that begins with "+strings.Join(schemes, ":// or ")+":// and names a host; "+
		"percent-encode a password's special characters")
}
