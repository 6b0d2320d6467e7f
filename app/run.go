package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"dozen/app/internal/awsapi"
	"dozen/app/internal/config"
	"dozen/app/internal/database"
	"dozen/app/internal/logging"
	"dozen/app/internal/metric"
)

// command is one way to run the image. The Procfile's processes are commands; the others are for operators, and have
// the same configuration.
type command struct {
	name, args, help string
	run              func(context.Context, *app, []string) error
}

// commands are all commands, in the order of the help text.
var commands = []command{
	{"web", "", "accept events and serve the operators' page", runWeb},
	{"worker", "[QUEUE]", "deliver the events of a queue; QUEUE is worker by default", runWorker},
	{"scheduler", "", "measure the backlog, redrive dead deliveries and archive old events, on schedule", runScheduler},
	{"migrate", "[status]", "bring the database schema up to date, or show its status", runMigrate},
	{"createadmin", "EMAIL",
		"add an operator or change a password, which is read from ADMIN_PASSWORD or standard input", runCreateAdmin},
	{"source", "list | add NAME [--scheme hmac|github|stripe] [--secret SECRET] [--rate N]",
		"list or add the sources that may post events; N is events per minute; SECRET - reads standard input", runSource},
	{"destination", "list | add NAME SOURCE URL [--secret SECRET] [--allow-private] [--concurrency N] [--attempts N]",
		"list or add the destinations of a source's events", runDestination},
	{"import", "[--dry-run] FILE | - | storage:KEY",
		"accept events from JSON lines in the archive's format; - is standard input", runImport},
	{"replay", "EVENT | [--source NAME] [--state STATE] [--all] --yes",
		"deliver one event again, or only the deliveries in STATE (dead) of all that match; --all means every delivery",
		runReplay},
	{"console", "[--write]", "run SQL statements from standard input, read-only without --write", runConsole},
}

// usageError is a problem in the command line. The exit code is 2.
type usageError struct{ problem string }

func (e usageError) Error() string { return e.problem + "\n\n" + usage() }

func usage() string {
	var text strings.Builder
	text.WriteString("usage: dozen-app COMMAND [ARGUMENTS]\n\n")
	for _, c := range commands {
		fmt.Fprintf(&text, "  %s\n        %s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	text.WriteString("  help\n        print this help\n\n")
	text.WriteString("The configuration is read from environment variables; .env.example lists all of them.")
	return text.String()
}

// app is what every command needs.
type app struct {
	config.Config
	log     *slog.Logger
	metrics *metric.Writer
	aws     *awsapi.Client
	db      *database.DB
	stdin   io.Reader
	stdout  io.Writer
}

// run runs the command in args until it ends or ctx ends.
func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) == 0 {
		return usageError{"dozen-app: missing command"}
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		_, err := fmt.Fprintln(stdout, usage())
		return err
	}
	for _, c := range commands {
		if c.name == args[0] {
			a, err := newApp(ctx, c.name, getenv, &lineWriter{out: stdout})
			if err != nil {
				return err
			}
			defer a.db.Close()
			return c.run(ctx, a, args[1:])
		}
	}
	return usageError{fmt.Sprintf("dozen-app: unknown command %q", args[0])}
}

func newApp(ctx context.Context, name string, getenv config.Lookup, stdout io.Writer) (*app, error) {
	cfg, err := config.Load(getenv)
	if err != nil {
		return nil, fmt.Errorf("invalid configuration:\n%w", err)
	}
	aws := awsapi.New(cfg.AWS)
	if cfg.ParametersPath != "" {
		stored, err := aws.Parameters(ctx, cfg.ParametersPath)
		if err != nil {
			return nil, fmt.Errorf("PARAMETERS_PATH=%q: %w", cfg.ParametersPath, err)
		}
		if cfg, err = config.Load(config.Overlay(getenv, stored)); err != nil {
			return nil, fmt.Errorf("invalid configuration, with the parameters in %s:\n%w", cfg.ParametersPath, err)
		}
	}
	if cfg.Version == "dev" {
		cfg.Version = version
	}
	db, err := database.Open(ctx, cfg.Database, aws, name)
	if err != nil {
		return nil, err
	}
	log := logging.New(stdout, cfg.LogFormat, cfg.LogLevel).
		With("process", name, "environment", cfg.Environment, "version", cfg.Version)
	return &app{
		Config:  cfg,
		log:     log,
		metrics: metric.New(stdout, cfg.MetricsNamespace, name),
		aws:     aws,
		db:      db,
		stdin:   os.Stdin,
		stdout:  stdout,
	}, nil
}

// lineWriter lets logs and metrics share stdout: their lines do not mix.
type lineWriter struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lineWriter) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(line)
}
